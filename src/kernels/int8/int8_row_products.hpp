// Products of one vector with many rows of 8-bit integers, as a search through vectors needs them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blip {

/// Rows begin at multiples of so many bytes, which is the widest vector; what a row lacks is zeros.
inline constexpr std::size_t kRowCodeBlock = 64;

/// query: [size], codes: [rows, size] → products: [rows], exact. `size` is a multiple of
/// kRowCodeBlock. The sum of |query| * 127 must fit 32 bits.
void int8_row_products(const std::int16_t* query, const std::int8_t* codes, std::size_t rows,
                       std::size_t size, std::int32_t* products);

}  // namespace blip
