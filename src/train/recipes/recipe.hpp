// Recipe: what a task brings to the training loop (training_loop.hpp).
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "train/data/example.hpp"
#include "train/data/row_list.hpp"
#include "train/model/parameters.hpp"
#include "train/recipes/start_model.hpp"
#include "train/run/process_group.hpp"
#include "train/run/step_values.hpp"
#include "train/run/training_config.hpp"

namespace blip::train {

/// Where in the training a step is; all count from 0.
struct StepPlace {
  std::int64_t epoch = 0;
  std::int64_t step_in_epoch = 0;
  std::int64_t steps_per_epoch = 1;
};

class ExampleReader;
struct ExampleOptions;

struct StepLosses {
  torch::Tensor total;                                         ///< what backward() starts from
  std::vector<std::pair<std::string, torch::Tensor>> parts{};  ///< as the log names them
  /// What `total` is a mean over: tokens, pictures. Where several batches make one step, theirs add
  /// up.
  double weight = 1;
};

/// How good a model is on the validation data.
struct Evaluation {
  StepValues scores;     ///< as the log names them
  double selection = 0;  ///< the best model is the one where this is highest
};

struct Recipe {
  RowKind rows = RowKind::caption;
  /// What examples are to be like beyond the configuration; empty: nothing else.
  std::function<void(ExampleOptions&)> adapt;
  Parameters parameters;
  /// Called once, before the first step: the parameters hold their values by then.
  std::function<void(ExampleReader&)> prepare;
  /// Losses of this process's batch. Called once per step, in training mode: it may change buffers.
  std::function<StepLosses(std::span<const Example>, const StepPlace&)> losses;
  /// Writes what the engine and transformers load into a directory that is there and empty.
  std::function<void(const std::filesystem::path& directory)> save;
  /// Checksums of models that are used and not trained, by the setting that names each. A run is
  /// resumed with the same ones alone.
  std::map<std::string, double> fixed_models;
  /// What makes a checkpoint a model to start from (model_description).
  std::map<std::string, std::string> description;
  /// Evaluates what `save` has written, or the same weights in memory; empty where there is no
  /// validation data.
  std::function<Evaluation(const std::filesystem::path& directory)> evaluate;
  std::string evaluation_note;  ///< for a person: what of the validation data is left out
};

/// With parameters that hold nothing yet (fill_parameters, or a checkpoint).
Recipe make_recipe(const TrainingConfig& config, const ProcessGroup& group);

// One for each task, in a file of its own.
Recipe make_pretraining_recipe(const TrainingConfig& config, const StartModel& start,
                               const ProcessGroup& group);
Recipe make_captioning_recipe(const TrainingConfig& config, const StartModel& start,
                              const ProcessGroup& group);
Recipe make_retrieval_recipe(const TrainingConfig& config, const StartModel& start,
                             const ProcessGroup& group);
Recipe make_question_answering_recipe(const TrainingConfig& config, const StartModel& start,
                                      const ProcessGroup& group);
Recipe make_nlvr_recipe(const TrainingConfig& config, const StartModel& start,
                        const ProcessGroup& group);
Recipe make_clip_recipe(const TrainingConfig& config, const ProcessGroup& group);
Recipe make_vqgan_recipe(const TrainingConfig& config, const ProcessGroup& group);
Recipe make_draw_recipe(const TrainingConfig& config, const ProcessGroup& group);

}  // namespace blip::train
