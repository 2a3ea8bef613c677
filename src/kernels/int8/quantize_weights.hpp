// Float weights as int8 with one scale for each row, and the sums that go with them.
#pragma once

#include <cstdint>

namespace blip {

/// source: [rows, columns] → out: [rows, columns], scales: [rows]. Symmetric, a scale for each row
/// (output channel): scale = max|w| / 127, out = w / scale rounded to nearest even, within
/// [-127, 127]. Two kinds of row have no such scale:
/// - one of zeros, or so small that its scale would be subnormal (max|w| < 1.5e-36): scale and
///   values are 0;
/// - one with an infinity or a NaN: scale is NaN, values are 0, so that products of it are NaN
///   too.
void quantize_rows(const float* source, std::int64_t rows, std::int64_t columns, std::int8_t* out,
                   float* scales);

/// values: [rows, columns] → out: [blocks, rows], exact: the sum of a row's values in each block of
/// `block` columns, the last of which may be shorter. A product with inputs that are offset by a
/// constant has the constant that many times too often. `block` is at most 65,536: a float32 holds
/// sums of 127 × 2^16 exactly.
void row_sums(const std::int8_t* values, std::int64_t rows, std::int64_t columns,
              std::int64_t block, float* out);

}  // namespace blip
