// What libvips writes a picture as, in memory.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "blip/image.hpp"
#include "image/vips_session.hpp"

namespace blip::image {

/// Calls one of libvips' savers: 0 for success, as they all return.
using Saver = std::function<int(VipsImage* image, void** buffer, std::size_t* size)>;

/// The bytes that `save` makes of the picture. `format` stands for it in the message of the Error
/// (unsupported) that is thrown if it makes none.
std::vector<std::byte> saved_bytes(const Image& image, const char* format, const Saver& save);

}  // namespace blip::image
