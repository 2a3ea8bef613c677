// RandomStream: the random numbers that one sampling decision uses.
#pragma once

#include <cstdint>

namespace blip {

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
