// TrainingState: what training changes, and what a checkpoint therefore holds.
#pragma once

#include <torch/torch.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "train/optimizer/adamw.hpp"
#include "train/optimizer/weight_average.hpp"
#include "train/recipes/recipe.hpp"
#include "train/run/process_group.hpp"
#include "train/run/run_checkpoint.hpp"
#include "train/run/training_config.hpp"

namespace blip::train {

/// The model's parameters, the optimizer's averages and the place in the data, of one process.
/// `config`, `group` and `recipe` must outlive it.
class TrainingState {
 public:
  TrainingState(const TrainingConfig& config, const ProcessGroup& group, Recipe& recipe);

  // At the start: one of the first two, then the third. `log` gets sentences for a person.

  /// Everything as a checkpoint has it, and libtorch's random numbers. Throws what load_checkpoint
  /// throws; naming the checkpoint, if it is of another model.
  void restore(const std::filesystem::path& checkpoint, std::int64_t steps_per_epoch,
               const std::function<void(const std::string&)>& log);
  /// As fill_parameters does.
  void fill(const std::function<void(const std::string&)>& log);
  /// Gives all processes the parameters of rank 0. Throws invalid_argument if they are not about to
  /// do the same: one found another checkpoint, or none, or other data, which have `rows`.
  void share(std::size_t rows) const;

  /// Before a step whose losses were added up: makes a mean of them.
  void divide_gradients(double weight) const;
  /// One step of the optimizer, with the gradients' mean over all processes. Counts the step.
  void update(double learning_rate, std::int64_t steps_per_epoch);

  /// A checkpoint of the run. All processes must call it. Throws what save_checkpoint throws, and
  /// malformed, naming a tensor, if the processes do not hold the same model.
  void save() const;

  /// While what it returns is there, the weights are what is evaluated and saved as a model: their
  /// average with optimizer.average_decay, else themselves (null).
  [[nodiscard]] std::unique_ptr<WeightAverage::Shown> show_average() const;

  [[nodiscard]] const RunPosition& position() const noexcept { return position_; }
  /// What else checkpoints hold, by name; only what rank 0 writes is kept.
  [[nodiscard]] std::map<std::string, double>& numbers() noexcept { return numbers_; }

 private:
  const TrainingConfig& config_;
  const ProcessGroup& group_;
  Recipe& recipe_;
  AdamW optimizer_;
  std::vector<torch::Tensor> trained_;
  std::optional<WeightAverage> average_;
  RunPosition position_;
  std::map<std::string, double> numbers_;
};

}  // namespace blip::train
