// SampleRandom: the random numbers of one sample in one epoch.
#pragma once

#include <cstdint>

namespace blip::train {

/// A function of seed, epoch, sample and of how many numbers were drawn before: the same whatever
/// thread asks, and whatever else was loaded before or beside.
class SampleRandom {
 public:
  SampleRandom(std::uint64_t seed, std::uint32_t epoch, std::uint64_t sample)
      : seed_(seed), sample_(sample), epoch_(epoch) {}

  /// In the open interval (0, 1).
  double uniform();
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// In [0, count); count >= 1.
  std::uint32_t below(std::uint32_t count);
  /// True with probability one half.
  bool coin() { return uniform() < 0.5; }

 private:
  std::uint64_t seed_;
  std::uint64_t sample_;
  std::uint32_t epoch_;
  std::uint32_t drawn_ = 0;
};

}  // namespace blip::train
