// StepValues: what a log has of one step.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace blip::train {

/// Numbers by name, losses mostly: "contrastive", "matching", "language", "loss".
using StepValues = std::vector<std::pair<std::string, double>>;

}  // namespace blip::train
