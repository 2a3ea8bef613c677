// LossMonitor: notices a training that has failed or learns nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "train/run/step_values.hpp"

namespace blip::train {

/// What a head that always predicts the prior, one match in three, loses: -(ln 1/3 + 2 ln 2/3) / 3.
/// A loss that stays here means that nothing is learnt.
inline constexpr double kMatchingLossOfPrior = 0.636514168294813;

class LossMonitor {
 public:
  /// Takes the losses of a step. Throws malformed if a value is not finite: which, at what step,
  /// and the last that were finite.
  void add(std::int64_t step, const StepValues& losses);

  /// A sentence for the user, once, if the loss `matching` stays at kMatchingLossOfPrior.
  [[nodiscard]] std::optional<std::string> hint();

 private:
  std::int64_t step_ = 0;
  StepValues last_;
  double matching_average_ = 0;
  std::int64_t matching_count_ = 0;
  bool is_hint_given_ = false;
};

}  // namespace blip::train
