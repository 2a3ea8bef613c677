// torch.nn.Linear over rows of tokens, with what follows it fused in, over all threads of a
// Context.
#pragma once

#include <cstdint>
#include <span>

#include "blip/context.hpp"
#include "kernels/layout/weight_matrix.hpp"

namespace blip {

/// What happens to a tile of the product while it is still in cache.
enum class Epilogue {
  bias,             ///< out = x·Wᵀ + b
  bias_gelu,        ///< out = gelu(x·Wᵀ + b), the exact one by erf
  bias_quick_gelu,  ///< the same with x · sigmoid(1.702 x)
  bias_tanh_gelu,   ///< the same with torch's approximation by tanh
  bias_residual,    ///< out = x·Wᵀ + b + residual
};

/// Which of two kernels multiplies the rows. In either a row's result does not depend on the rows
/// beside it, but the two add up in different orders: the last bits of a result tell which it was.
/// Rows that must not feel how many others there are need the same kernel in any company.
enum class RowProduct {
  by_count,  ///< whichever is faster for that many rows
  few,       ///< reads every weight once, whatever the number of rows
  many,      ///< token panels
};

/// few or many: what by_count takes for `m` rows.
[[nodiscard]] RowProduct row_product(std::int64_t m);

/// x: [M, C], weight: [O, C], bias: [O], residual: [M, O] (only for bias_residual; not out
/// itself) → out: [M, O]
void linear(const float* x, std::int64_t m, const Linear& layer, float* out, Context& context,
            Epilogue epilogue = Epilogue::bias, const float* residual = nullptr,
            RowProduct kernel = RowProduct::by_count);

/// One of several layers that read the same x: out: [M, O]
struct LinearOutput {
  const Linear* layer = nullptr;
  float* out = nullptr;
};

/// x: [M, C] → every layer's out. What the layers need of x is prepared once.
void linear(const float* x, std::int64_t m, std::span<const LinearOutput> layers, Context& context,
            RowProduct kernel = RowProduct::by_count);

/// A transformer's feed-forward block. x: [M, C], intermediate: [I, C], output: [C, I] → out: [M,
/// C] = output(gelu(intermediate(x))) + x. out is not x.
void feed_forward(const float* x, std::int64_t m, const Linear& intermediate, const Linear& output,
                  float* out, Context& context, RowProduct kernel = RowProduct::by_count);

}  // namespace blip
