// Run-length encoded pixels of bitmaps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "image/resize.hpp"

namespace blip::image {

/// The palette's indices [height, width] in the order of the file, rows from the bottom mostly, as
/// Pillow reads them: pixels that are left out are 0, a run that is too long ends with its row.
/// Fewer than height * width if the runs end early. has_four_bits: RLE4, otherwise RLE8.
std::vector<std::uint8_t> bmp_runs(std::span<const std::byte> bytes, std::size_t at,
                                   bool has_four_bits, Size size);

}  // namespace blip::image
