// Single-thread float32 matrix products: the one place that knows oneDNN.
#pragma once

#include <cstdint>

namespace blip {

/// A row-major matrix with `stride` floats from row to row.
struct ConstMatrix {
  const float* data = nullptr;
  std::int64_t stride = 0;
};

/// a: [M, K], b: [N, K] → out: [M, N] = a · bᵀ
void multiply_transposed(ConstMatrix a, ConstMatrix b, float* out, std::int64_t out_stride,
                         std::int64_t m, std::int64_t n, std::int64_t k);

/// a: [M, K], b: [K, N] → out: [M, N] = a · b
void multiply(ConstMatrix a, ConstMatrix b, float* out, std::int64_t out_stride, std::int64_t m,
              std::int64_t n, std::int64_t k);

/// a: [K, M], b: [K, N] → out: [M, N] = aᵀ · b
void multiply_transposing_first(ConstMatrix a, ConstMatrix b, float* out, std::int64_t out_stride,
                                std::int64_t m, std::int64_t n, std::int64_t k);

enum class GemmInstructions { sse4, avx2, avx512, vnni, amx };

/// From now on, in the whole process; to be called before the first product.
void limit_gemm_instructions(GemmInstructions most);

}  // namespace blip
