// torch.nn.LayerNorm over the last dimension.
#pragma once

#include <cstdint>

#include "core/thread_pool.hpp"

namespace blip {

/// weight, bias: [C]
struct LayerNorm {
  const float* weight = nullptr;
  const float* bias = nullptr;
  float epsilon = 0.0F;
};

/// x: [count, C] → out: [count, C] (may be x). Biased variance, epsilon inside the square root.
void layer_norm(const float* x, const LayerNorm& norm, std::int64_t count, std::int64_t channels,
                float* out);

/// The same, the rows shared out among the threads.
void layer_norm(const float* x, const LayerNorm& norm, std::int64_t count, std::int64_t channels,
                float* out, ThreadPool& threads);

}  // namespace blip
