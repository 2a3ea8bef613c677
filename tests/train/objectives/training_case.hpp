// A training of a few steps as tools/reference/training_oracle.py describes it: a JSON object,
// since weights and images are made from names by a formula.
#pragma once

#include <torch/torch.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "train/model/models.hpp"

namespace blip::train {

/// [-1, 1), the same bits as the oracle's: FNV-1a of the name, then splitmix64 of hash + index.
torch::Tensor uniform(const std::string& name, torch::IntArrayRef shape);

/// Gives every tensor the value that the oracle starts it with.
void start(Parameters& parameters);

struct TrainingStep {
  NamedTensors losses;
  NamedTensors gradients;
  NamedTensors state;  ///< after the optimizer's step
};

/// Runs the steps of a case, in its "dtype" ("float32", or "float64").
std::vector<TrainingStep> run_training_case(const nlohmann::json& training_case);

/// Rows of equal length → [rows, length] int64
torch::Tensor integers(const nlohmann::json& rows);

}  // namespace blip::train
