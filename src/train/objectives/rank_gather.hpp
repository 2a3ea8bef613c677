// RankGather: how the objectives see the other processes of a training.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <functional>

namespace blip::train {

/// One process's view of all. `rows` and `differentiable_rows` take this rank's [B, ...] and return
/// every rank's [W · B, ...] in the order of ranks; B is the same everywhere. Through
/// `differentiable_rows` the gradients of all ranks flow back to the rank whose rows they are of.
struct RankGather {
  std::int64_t rank = 0;
  std::int64_t world_size = 1;
  std::function<torch::Tensor(const torch::Tensor&)> rows;
  std::function<torch::Tensor(const torch::Tensor&)> differentiable_rows;
};

/// A single process: the identity.
inline RankGather single_process() {
  const auto identity = [](const torch::Tensor& rows) { return rows; };
  return {0, 1, identity, identity};
}

}  // namespace blip::train
