// The two passes of Pillow's 8-bit resize, vectorised for the processor at hand.
#pragma once

#include <cstddef>
#include <cstdint>

#include "image/resample_weights.hpp"

namespace blip::image {

// Rows are worked on 16 at a time; the horizontal pass writes whole groups.
inline constexpr std::size_t kRowGroup = 16;

/// `count` rounded up to whole groups of 16, for rows and for bytes of a row.
constexpr std::size_t padded(std::size_t count) {
  return (count + kRowGroup - 1) / kRowGroup * kRowGroup;
}

/// The bytes that a row of the horizontal pass's result takes, its padding included.
std::size_t horizontal_row_bytes(std::size_t output_width);

/// source: [rows, width, 3] → target: [padded(rows), horizontal_row_bytes(output width)]
void resize_horizontally(const std::uint8_t* source, std::size_t rows, std::size_t width,
                         const ResampleWeights& weights, std::uint8_t* target);

/// source: [rows, source_stride], of which the first row_bytes of each row count
/// → target: [output height, row_bytes]. Window positions are counted from `first_row`.
void resize_vertically(const std::uint8_t* source, std::size_t source_stride, std::size_t first_row,
                       std::size_t row_bytes, const ResampleWeights& weights, std::uint8_t* target);

}  // namespace blip::image
