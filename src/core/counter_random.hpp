// Random numbers without a state: each is a function of a seed and of what it is used for, so a
// caption or a training sample gets the same ones whatever else is in its batch, and on every
// platform.
#pragma once

#include <array>
#include <cstdint>

namespace blip {

/// Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
[[nodiscard]] std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                                  std::array<std::uint32_t, 2> key);

/// Uniform in the open interval (0, 1): 52 of the bits, and a half so that neither end is met.
[[nodiscard]] double open_uniform(std::uint32_t high_bits, std::uint32_t low_bits);

}  // namespace blip
