// NamedTensors: what a checkpoint stores, by the names of the parameters.
#pragma once

#include <torch/types.h>

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

}  // namespace blip::train
