// The options of each part of a training, from its configuration.
#pragma once

#include <torch/torch.h>

#include <cstdint>

#include "train/data/example_reader.hpp"
#include "train/model/model_options.hpp"
#include "train/objectives/language_modeling.hpp"
#include "train/optimizer/adamw.hpp"
#include "train/run/run_checkpoint.hpp"
#include "train/run/training_config.hpp"

namespace blip::train {

ModelOptions model_options(const TrainingConfig& config, const torch::Device& device);
LanguageModelOptions language_model_options(const TrainingConfig& config);
ExampleOptions example_options(const TrainingConfig& config, RowKind kind);
AdamWOptions adamw_options(const OptimizerConfig& config);

/// Of the step after `position`, in a training of `steps`.
double learning_rate_at(const TrainingConfig& config, const RunPosition& position,
                        std::int64_t steps);

}  // namespace blip::train
