// torch.nn.Linear with what follows it fused in, over all threads of a Context.
#pragma once

#include <cstdint>

#include "blip/context.hpp"
#include "kernels/weight_matrix.hpp"

namespace blip {

/// What happens to a tile of the product while it is still in cache.
enum class Epilogue {
  bias,           ///< out = x·Wᵀ + b
  bias_gelu,      ///< out = gelu(x·Wᵀ + b)
  bias_residual,  ///< out = x·Wᵀ + b + residual
};

/// x: [M, C], weight: [O, C], bias: [O], residual: [M, O] (only for bias_residual; may be out
/// itself) → out: [M, O]
void linear(const float* x, std::int64_t m, const Linear& layer, float* out, Context& context,
            Epilogue epilogue = Epilogue::bias, const float* residual = nullptr);

}  // namespace blip
