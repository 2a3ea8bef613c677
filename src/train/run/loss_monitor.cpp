#include "train/run/loss_monitor.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "blip/error.hpp"

namespace blip::train {
namespace {

// A loss of single steps jumps by some hundredths; averaged over this many it hardly does.
constexpr double kAveragedSteps = 200;
constexpr double kCloseEnough = 0.005;
// Runs that do learn have left the value long before.
constexpr std::int64_t kPatience = 1000;

std::string values_text(const StepValues& values) {
  std::ostringstream text;
  for (const auto& [name, value] : values) {
    if (text.tellp() > 0) text << ", ";
    text << name << ' ' << value;
  }
  return text.str();
}

}  // namespace

void LossMonitor::add(std::int64_t step, const StepValues& losses) {
  for (const auto& [name, value] : losses) {
    if (std::isfinite(value)) continue;
    const std::string before = last_.empty()
                                   ? "there was no finite loss before"
                                   : "the last finite losses, of step " + std::to_string(step_) +
                                         ", were " + values_text(last_);
    throw Error(ErrorCode::malformed,
                "step " + std::to_string(step) + ": " + name + " is " +
                    (std::isnan(value) ? "not a number" : "infinite") + "; " + before +
                    " (a smaller optimizer.learning_rate, or a look at the data, may help)");
  }
  step_ = step;
  last_ = losses;
  for (const auto& [name, value] : losses) {
    if (name != "matching") continue;
    ++matching_count_;
    const double share = 1 / std::min(static_cast<double>(matching_count_), kAveragedSteps);
    matching_average_ += share * (value - matching_average_);
  }
}

std::optional<std::string> LossMonitor::hint() {
  if (is_hint_given_ || matching_count_ < kPatience ||
      std::abs(matching_average_ - kMatchingLossOfPrior) > kCloseEnough) {
    return std::nullopt;
  }
  is_hint_given_ = true;
  return "the matching loss has stayed at 0.6365 for " + std::to_string(matching_count_) +
         " steps: what a head says that sees no difference between matches and others. Is "
         "model.start a pre-trained checkpoint, are images and texts paired as they should be, is "
         "optimizer.learning_rate too large?";
}

}  // namespace blip::train
