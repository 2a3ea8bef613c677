// The first picture of a TIFF file, read as Pillow reads it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "image/tiff_tags.hpp"

namespace blip::image {

/// Whether the pixels are Y, Cb and Cr that libtiff has to turn into RGB.
bool needs_libtiff_colours(const TiffTags& tags) noexcept;

/// → [height, width, 3], as stored; empty if the file is damaged. Needs a size that has been
/// checked. Transparent pixels are laid over `background`, or without one lose their
/// transparency.
std::vector<std::uint8_t> tiff_rgb(std::span<const std::byte> bytes, const TiffTags& tags,
                                   const TiffLayout& layout, bool is_big_endian,
                                   std::optional<Colour> background);

/// The same by libtiff's own conversion, which alone undoes subsampled colour. Pillow has it read
/// compressed YCbCr files in this way.
std::vector<std::uint8_t> tiff_rgb_of_libtiff(std::span<const std::byte> bytes,
                                              const TiffTags& tags);

}  // namespace blip::image
