// x · weightᵀ for few rows of x: decoding, where the time goes into reading the weights once.
#pragma once

#include <cstdint>

#include "kernels/layout/weight_matrix.hpp"

namespace blip {

/// x: [M, C], weight (not int8) rows [first, first + count) of [O, C] → out[m * out_stride + first
/// + o]. Every weight is read from memory once, whatever M is.
void small_gemm(const float* x, std::int64_t m, const WeightMatrix& weight, std::int64_t first,
                std::int64_t count, float* out, std::int64_t out_stride);

}  // namespace blip
