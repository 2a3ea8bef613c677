// What a loss is computed in.
#pragma once

#include <torch/torch.h>

namespace blip::train {

/// float32, or what is wider. Autocast leaves logits in bfloat16, and on a CPU it takes log_softmax
/// and sums in that too (on a GPU in float32): eight bits, so a loss of 3.4 would move in steps of
/// 1/64.
inline torch::Tensor for_loss(const torch::Tensor& logits) {
  return logits.to(torch::promote_types(logits.scalar_type(), torch::kFloat));
}

}  // namespace blip::train
