// ModelSelection: RUN/model, the model of the last epoch, and RUN/best, the best one so far.
#pragma once

#include <cstdint>
#include <filesystem>

#include "train/recipes/recipe.hpp"
#include "train/recipes/training_state.hpp"
#include "train/run/run_reports.hpp"

namespace blip::train {

/// Of rank 0 alone; the other processes wait. The best score so far, and which step was evaluated
/// last, are among the numbers of the checkpoints. All arguments must outlive it.
class ModelSelection {
 public:
  ModelSelection(const Recipe& recipe, std::filesystem::path run, TrainingState& state,
                 RunReports& reports);

  /// Saves the model after `epoch`, evaluates it if there is validation data, and keeps it as the
  /// best if it is that. Comes after the checkpoint, which nothing that fails here can take away.
  void evaluate(std::int64_t epoch);
  /// The same if the run was ended between the checkpoint that it goes on with, of the last step of
  /// an epoch or of all `steps`, and the end of its evaluation.
  void evaluate_if_left_out(std::int64_t steps);

 private:
  const Recipe& recipe_;
  std::filesystem::path run_;
  TrainingState& state_;
  RunReports& reports_;
};

}  // namespace blip::train
