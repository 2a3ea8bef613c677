// A picture as the bytes of a PNG file.
#pragma once

#include <cstddef>
#include <vector>

#include "blip/image.hpp"

namespace blip::image {

/// Without metadata. Throws unsupported where libvips cannot write PNG.
std::vector<std::byte> png_bytes(const Image& image);

}  // namespace blip::image
