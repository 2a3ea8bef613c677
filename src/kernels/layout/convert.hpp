// Conversion between float32 and the formats weights are stored in.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/layout/weight_matrix.hpp"

namespace blip {

/// source: [count] in `format` → out: [count]. Exact: every 16-bit value is a float32. Of i8 the
/// stored values, without their scales.
void convert_to_f32(const void* source, WeightFormat format, std::size_t count, float* out);

/// source: [count] → out: [count] in f16 or bf16, rounded to nearest even as torch does.
void convert_from_f32(const float* source, std::size_t count, WeightFormat format,
                      std::uint16_t* out);

/// matrix, columns [begin, begin + count) of a row → out: [count], scaled
void convert_part_to_f32(const WeightMatrix& matrix, std::int64_t row, std::int64_t begin,
                         std::int64_t count, float* out);

/// matrix, rows [first, first + count) → out: [count, columns], scaled
void convert_rows_to_f32(const WeightMatrix& matrix, std::int64_t first, std::int64_t count,
                         float* out);

}  // namespace blip
