// How the learning rate and alpha change over a training: functions of the step alone.
#pragma once

#include <cstdint>

namespace blip::train {

/// Pre-training: linear warm-up within the first epoch, then a factor for each epoch.
struct WarmupDecaySchedule {
  double initial = 3e-4;  ///< 2e-4 for ViT-L
  double minimum = 1e-6;
  double warmup_start = 1e-6;
  std::int64_t warmup_steps = 3000;
  double decay_rate = 0.9;
};
/// `epoch` and `step`, which counts within the epoch, begin at 0. Epoch 0 rises from warmup_start
/// to `initial` in warmup_steps steps (a shorter epoch ends before, and the next one jumps); epoch
/// e ≥ 1 is max(minimum, initial · decay_rate^e).
double learning_rate(const WarmupDecaySchedule& schedule, std::int64_t epoch, std::int64_t step);

/// Fine-tuning: a cosine by the epoch, constant within it, that never reaches `minimum`.
struct CosineSchedule {
  double initial = 1e-5;
  double minimum = 0.0;
  std::int64_t epochs = 1;
};
/// (initial - minimum) · ½ (1 + cos(π · epoch / epochs)) + minimum
double learning_rate(const CosineSchedule& schedule, std::int64_t epoch);

/// For models that start from nothing: linear warm-up, then a cosine, both by the step.
struct WarmupCosineSchedule {
  double initial = 1e-3;
  double minimum = 0.0;
  double warmup_start = 1e-6;
  std::int64_t warmup_steps = 100;
  std::int64_t steps = 1000;  ///< of the whole training
};
/// `step` counts from the start of the training: from warmup_start to `initial` in warmup_steps,
/// then (initial - minimum) · ½ (1 + cos(π · progress)) + minimum, progress being the share of the
/// remaining steps that is done.
double learning_rate(const WarmupCosineSchedule& schedule, std::int64_t step);

/// The share of the momentum encoder in the targets of ITC: alpha · min(1, steps so far /
/// (ramp_epochs · steps_per_epoch)). Pre-training ramps over two epochs, retrieval over one.
double momentum_share(double alpha, std::int64_t ramp_epochs, std::int64_t epoch, std::int64_t step,
                      std::int64_t steps_per_epoch);

}  // namespace blip::train
