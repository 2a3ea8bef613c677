// A picture as the bytes of a JPEG file.
#pragma once

#include <cstddef>
#include <vector>

#include "blip/image.hpp"

namespace blip::image {

/// `quality`: 1 to 100, libjpeg's. Without metadata. Throws unsupported where libvips cannot write
/// JPEG, or an image beyond JPEG's 65,500 pixels a side.
std::vector<std::byte> jpeg_bytes(const Image& image, int quality);

/// The same of the image made smaller, if its longer side has more than `longest_side` pixels.
std::vector<std::byte> small_jpeg_bytes(const Image& image, int longest_side, int quality);

}  // namespace blip::image
