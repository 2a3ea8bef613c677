// Which device a process trains on.
#pragma once

#include <torch/types.h>

#include <string>

namespace blip::train {

/// `name` as run.device has it: "cpu", "cuda" (the GPU of the local rank) or "auto" (that if there
/// is one). Throws invalid_argument where this machine, or this build of libtorch, lacks the GPU.
torch::Device training_device(const std::string& name, int local_rank);

}  // namespace blip::train
