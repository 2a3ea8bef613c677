// Opening a picture's header by the one libvips loader of its format.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "image/formats.hpp"
#include "image/vips_session.hpp"

namespace blip::image {

/// Throws malformed: "NAME: truncated or damaged PNG file".
[[noreturn]] void fail_damaged(Format format, const std::string& name);

/// Reads the header; pixels follow when a region asks for them. A JPEG is decoded at 1 / `shrink`
/// of its size. Needs a VipsSession, and `bytes` as long as the picture is read. Throws unsupported
/// or malformed.
VipsImagePtr open_header(Format format, std::span<const std::byte> bytes, int shrink,
                         const std::string& name);

}  // namespace blip::image
