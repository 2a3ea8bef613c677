// The learnt temperature of contrastive learning, held within bounds.
#pragma once

#include <torch/torch.h>

#include "train/model/models.hpp"

namespace blip::train {

/// In place, without a gradient, at the start of every step.
inline void clamp_temperature(const torch::Tensor& temperature) {
  const torch::NoGradGuard no_grad;
  torch::Tensor(temperature).clamp_(kMinTemperature, kMaxTemperature);
}

}  // namespace blip::train
