// TrainingGuards: notices a run that cannot come to anything.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace blip::train {

/// Losses of one step by name: "contrastive", "matching", "language", "loss".
using StepValues = std::vector<std::pair<std::string, double>>;

/// What a head that always predicts the prior, one match in three, loses: -(ln 1/3 + 2 ln 2/3) / 3.
/// A loss that stays here means that nothing is learnt.
inline constexpr double kMatchingLossOfPrior = 0.636514168294813;

class TrainingGuards {
 public:
  /// Throws malformed if a value is not finite: which, at what step, and the last that were finite.
  void check(std::int64_t step, const StepValues& losses);

  /// A sentence for the user, once, if the loss `matching` stays at kMatchingLossOfPrior.
  [[nodiscard]] std::optional<std::string> hint();

 private:
  std::int64_t step_ = 0;
  StepValues last_;
  double matching_average_ = 0;
  std::int64_t matching_count_ = 0;
  bool hinted_ = false;
};

}  // namespace blip::train
