// Autocast: matrix products in bfloat16 while one exists.
#pragma once

#include <torch/types.h>

namespace blip::train {

/// libtorch's automatic mixed precision for a forward pass, as torch.autocast(device, bfloat16):
/// inputs of matrix products are rounded, parameters and what is summed stay float32.
class Autocast {
 public:
  /// Throws unsupported if it is enabled where libtorch cannot: on a CPU before version 2.
  Autocast(bool enabled, const torch::Device& device);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  bool enabled_;
  torch::DeviceType device_;
};

/// Whether an Autocast exists for `device` now.
bool is_autocast(const torch::Device& device);

/// Of weights that were rounded, an Autocast keeps copies. Without gradients then, they would have
/// none later on: this forgets them.
void forget_rounded_weights();

}  // namespace blip::train
