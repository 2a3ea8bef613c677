// The picture formats this library reads, told apart by their first bytes.
#pragma once

#include <cstddef>
#include <span>

namespace blip::image {

enum class Format { jpeg, png, webp, gif, tiff, heif, bmp, unknown };

/// Looks at no more than the first 64 bytes.
Format format_of(std::span<const std::byte> bytes);

/// The name of a format that pictures come in and this library does not read; null for all others.
const char* unsupported_format(std::span<const std::byte> bytes);

/// As in an error message: "JPEG", "AVIF or HEIC".
const char* name_of(Format format);

}  // namespace blip::image
