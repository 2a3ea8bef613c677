// RunReports: what a run writes for people: log.jsonl, TensorBoard's event file, progress,
// messages.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>

#include "train/run/event_file.hpp"
#include "train/run/run_log.hpp"
#include "train/run/step_values.hpp"
#include "train/run/training_progress.hpp"

namespace blip::train {

/// Of a run's processes only the one of rank 0 has this.
class RunReports {
 public:
  /// `first_step`: after which the run goes on. `log` gets messages. Throws what RunLog and
  /// EventFile throw.
  RunReports(const std::filesystem::path& run, std::int64_t first_step,
             std::function<void(const std::string&)> log)
      : log_file_(run, first_step),
        event_file_(run, first_step),
        progress_(true),
        log_(std::move(log)) {}

  /// Writes numbers to both files.
  void write(std::int64_t step, std::int64_t epoch, const StepValues& values) {
    log_file_.write(step, epoch, values);
    event_file_.write(step, values);
  }
  void draw_progress(const ProgressState& state, const StepValues& losses) {
    progress_.draw(state, losses);
  }
  /// A line on the terminal, in place of the progress.
  void message(const std::string& text) {
    progress_.clear();
    log_(text);
  }

 private:
  RunLog log_file_;
  EventFile event_file_;
  TrainingProgress progress_;
  std::function<void(const std::string&)> log_;
};

}  // namespace blip::train
