// NamedTensors: what a checkpoint stores, by the names of the parameters.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace blip::train {

/// Tensors by name, in an order that is the same in every process of a run.
using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;

/// The tensor of this name; an undefined one if there is none.
inline torch::Tensor find_tensor(const NamedTensors& tensors, std::string_view name) {
  for (const auto& [known, tensor] : tensors) {
    if (known == name) return tensor;
  }
  return {};
}

/// A sum of the elements' bits, each times its place: → [] int64 on the tensor's device. Overflow
/// wraps, the same everywhere. tensor: float32
inline torch::Tensor checksum(const torch::Tensor& tensor) {
  const torch::Tensor bits = tensor.detach().contiguous().reshape({-1}).view(torch::kInt32);
  const torch::Tensor places =
      torch::arange(1, bits.size(0) + 1, bits.options().dtype(torch::kInt64));
  return (places * bits).sum();
}

}  // namespace blip::train
