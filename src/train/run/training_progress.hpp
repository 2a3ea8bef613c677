// TrainingProgress: the line on a terminal that says how a run is doing.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "train/run/step_values.hpp"

namespace blip::train {

struct ProgressState {
  std::int64_t step = 0;        ///< done
  std::int64_t steps = 0;       ///< of the whole run
  std::int64_t first_step = 0;  ///< where this process began: what came before took no time of its
  std::int64_t epoch = 0;       ///< counts from 0
  std::int64_t epochs = 1;
};

/// "[###.....] 1200/56700  epoch 1/20  3.10 steps/s, 4 h 12 min left  loss 7.32, matching 0.41",
/// shorter than `columns`. `seconds` since the process began.
std::string training_line(const ProgressState& state, const StepValues& losses, double seconds,
                          std::size_t columns);

class TrainingProgress {
 public:
  /// Draws nothing where standard error is no terminal, or unless `enabled`: of several processes
  /// one draws.
  explicit TrainingProgress(bool enabled);
  ~TrainingProgress();
  TrainingProgress(const TrainingProgress&) = delete;
  TrainingProgress& operator=(const TrainingProgress&) = delete;

  /// At most ten times a second.
  void draw(const ProgressState& state, const StepValues& losses);
  /// Takes the line away, so that something else can be printed.
  void clear();

 private:
  bool enabled_;
  bool visible_ = false;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point drawn_;
};

}  // namespace blip::train
