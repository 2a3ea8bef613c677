#include "train/optimizer/schedules.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace blip::train {

double learning_rate(const WarmupDecaySchedule& schedule, std::int64_t epoch, std::int64_t step) {
  if (epoch > 0) {
    return std::max(schedule.minimum, schedule.initial * std::pow(schedule.decay_rate, epoch));
  }
  const double progress = static_cast<double>(step) /
                          static_cast<double>(std::max<std::int64_t>(schedule.warmup_steps, 1));
  return std::min(schedule.initial,
                  schedule.warmup_start + (schedule.initial - schedule.warmup_start) * progress);
}

double learning_rate(const CosineSchedule& schedule, std::int64_t epoch) {
  const double progress = static_cast<double>(epoch) / static_cast<double>(schedule.epochs);
  return (schedule.initial - schedule.minimum) * 0.5 *
             (1.0 + std::cos(std::numbers::pi * progress)) +
         schedule.minimum;
}

double learning_rate(const WarmupCosineSchedule& schedule, std::int64_t step) {
  if (step < schedule.warmup_steps) {
    const double progress = static_cast<double>(step) / static_cast<double>(schedule.warmup_steps);
    return schedule.warmup_start + (schedule.initial - schedule.warmup_start) * progress;
  }
  return learning_rate(
      CosineSchedule{.initial = schedule.initial,
                     .minimum = schedule.minimum,
                     .epochs = std::max<std::int64_t>(schedule.steps - schedule.warmup_steps, 1)},
      step - schedule.warmup_steps);
}

double momentum_share(double alpha, std::int64_t ramp_epochs, std::int64_t epoch, std::int64_t step,
                      std::int64_t steps_per_epoch) {
  if (ramp_epochs == 0) return alpha;
  const auto done = static_cast<double>(epoch * steps_per_epoch + step);
  const auto ramp = static_cast<double>(ramp_epochs * steps_per_epoch);
  return alpha * std::min(1.0, done / ramp);
}

}  // namespace blip::train
