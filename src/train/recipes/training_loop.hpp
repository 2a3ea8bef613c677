// The training loop, the same for every recipe.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "train/run/training_config.hpp"

namespace blip::train {

struct TrainingOutcome {
  std::int64_t step = 0;  ///< optimizer steps since the run was first started
  /// 0, or 128 + the signal that the run was stopped by; it has saved a checkpoint then.
  int exit_code = 0;
};

/// Trains as `config` says, in one process or as one of several (LaunchEnvironment), and leaves in
/// run.directory what docs/training-runs.md lists, `model/` and `best/`. With `resume` it goes on
/// with the latest checkpoint if there is one. `log` gets sentences for a person: of rank 0, and of
/// every rank which pictures it left out. Throws what check_config, reading and writing throw;
/// malformed if a loss is not finite.
TrainingOutcome run_training(const TrainingConfig& config, bool resume,
                             const std::function<void(const std::string&)>& log);

}  // namespace blip::train
