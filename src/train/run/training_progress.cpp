#include "train/run/training_progress.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/output/console.hpp"
#include "cli/output/progress.hpp"

namespace blip::train {

std::string training_line(const ProgressState& state, const StepValues& losses, double seconds,
                          std::size_t columns) {
  const double share =
      static_cast<double>(state.step) / static_cast<double>(std::max<std::int64_t>(state.steps, 1));
  std::string line = fmt::format("[{}] {}/{}  epoch {}/{}", cli::progress_bar(share), state.step,
                                 state.steps, state.epoch + 1, state.epochs);
  const auto done = static_cast<double>(state.step - state.first_step);
  if (done > 0 && seconds > 0) {
    const double rate = done / seconds;
    line += fmt::format("  {:.{}f} steps/s", rate, rate < 10 ? 2 : 0);
    if (state.step < state.steps) {
      line +=
          ", " + cli::duration_text(static_cast<double>(state.steps - state.step) / rate) + " left";
    }
  }
  for (std::size_t i = 0; i < losses.size(); ++i) {
    line += fmt::format("{}{} {:.4g}", i == 0 ? "  " : ", ", losses[i].first, losses[i].second);
  }
  // One short of the width: a character in the last column makes some terminals wrap.
  if (line.size() >= columns) line.resize(columns > 0 ? columns - 1 : 0);
  return line;
}

TrainingProgress::TrainingProgress(bool enabled)
    : enabled_(enabled && cli::terminal_shows_progress()) {}

TrainingProgress::~TrainingProgress() {
  clear();
}

void TrainingProgress::draw(const ProgressState& state, const StepValues& losses) {
  if (!enabled_) return;
  const auto now = std::chrono::steady_clock::now();
  if (visible_ && now - drawn_ < std::chrono::milliseconds(100)) return;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  cli::write_to_stderr(std::string(cli::kEraseLine) +
                       training_line(state, losses, seconds, cli::terminal_columns()));
  drawn_ = now;
  visible_ = true;
}

void TrainingProgress::clear() {
  if (!visible_) return;
  cli::write_to_stderr(cli::kEraseLine);
  visible_ = false;
}

}  // namespace blip::train
