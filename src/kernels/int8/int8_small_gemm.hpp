// x · weightᵀ for few rows of x and int8 weights: decoding, where the time goes into reading the
// weights once.
//
// Rows of x become 16-bit integers, which float32 activations are to a 65,535th of their largest:
// integer products of those with 8-bit weights keep up with memory, which widening every weight to
// float32 does not.
#pragma once

#include <cstdint>

#include "kernels/layout/weight_matrix.hpp"

namespace blip {

/// Rows of 16-bit integers: x = step * stored.
struct Int16Rows {
  const std::int16_t* values = nullptr;  // [M, C]
  const float* steps = nullptr;          // [M]
  std::int64_t count = 0;
};

/// x: [M, C] → values: [M, C], steps: [M], a step for each row. Not finite: the step is NaN.
void round_to_int16(const float* x, std::int64_t m, std::int64_t channels, std::int16_t* values,
                    float* steps);

/// weight rows [first, first + count) of [O, C] int8 → out[m * out_stride + first + o]. Every
/// weight is read from memory once, whatever M is.
void int8_small_gemm(const Int16Rows& x, const WeightMatrix& weight, std::int64_t first,
                     std::int64_t count, float* out, std::int64_t out_stride);

}  // namespace blip
