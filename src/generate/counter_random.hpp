// Random numbers without a state: each is a function of a seed and of what it is used for, so a
// sequence gets the same ones whatever else is in its batch, and on every platform.
#pragma once

#include <array>
#include <cstdint>

namespace blip {

/// Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
[[nodiscard]] std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                                  std::array<std::uint32_t, 2> key);

/// The random numbers of one sampling decision.
struct RandomStream {
  std::uint64_t seed = 0;
  std::uint64_t image = 0;
  std::uint32_t sequence = 0;  ///< which of the image's return sequences; 0 in beam search
  std::uint32_t step = 0;      ///< how many tokens were generated before

  /// Uniform in the open interval (0, 1), for any `index`.
  [[nodiscard]] double uniform(std::uint32_t index = 0) const;
};

}  // namespace blip
