// Pictures as a VQGAN is given them: samples from 0 to 1.
#pragma once

#include <torch/torch.h>

#include "blip/config.hpp"
#include "blip/tensor.hpp"

namespace blip::train {

/// What leaves samples as they are, divided by 255.
inline BlipImageProcessorConfig plain_pictures() {
  BlipImageProcessorConfig images;
  images.image_mean = {0.0F, 0.0F, 0.0F};
  images.image_std = {1.0F, 1.0F, 1.0F};
  return images;
}

/// A copy, in float32.
inline torch::Tensor as_torch(const Tensor& tensor) {
  return torch::tensor(tensor.data).view(tensor.shape);
}

}  // namespace blip::train
