#include "train/run/training_device.hpp"

#include <torch/torch.h>

#include "blip/error.hpp"

namespace blip::train {

torch::Device training_device(const std::string& name, int local_rank) {
  const auto gpus = static_cast<int>(torch::cuda::device_count());
  if (name == "cpu" || (name == "auto" && gpus == 0)) return torch::kCPU;
  if (gpus == 0) {
    throw Error(
        ErrorCode::invalid_argument,
        "run.device \"cuda\": this machine, or the libtorch that blip-train was built with, "
        "has no GPU");
  }
  if (local_rank >= gpus) {
    throw Error(ErrorCode::invalid_argument,
                "local rank " + std::to_string(local_rank) + " has no GPU: this machine has " +
                    std::to_string(gpus) + "; start fewer processes per machine");
  }
  return {torch::kCUDA, static_cast<torch::DeviceIndex>(local_rank)};
}

}  // namespace blip::train
