// A step of CLIP's training as tools/reference/clip_training.py describes it: a JSON object with a
// configuration, token ids and the places of their ends.
#pragma once

#include <nlohmann/json.hpp>

#include "train/run/named_tensors.hpp"

namespace blip::train {

struct ClipStep {
  NamedTensors losses;     ///< "total"
  NamedTensors gradients;  ///< of every trained tensor
};

/// Weights and images are made from names (training_case.hpp); in the case's "dtype".
ClipStep run_clip_case(const nlohmann::json& clip_case);

}  // namespace blip::train
