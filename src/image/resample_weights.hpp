// Pillow's resampling weights for one axis, in the fixed point its 8-bit passes use.
#pragma once

#include <cstdint>
#include <vector>

#include "blip/image.hpp"

namespace blip::image {

/// Output position i is the sum over t < windows[i].count of
/// input[windows[i].first + t] * weights[windows[i].offset + t], rounded from 22 fraction bits.
struct ResampleWeights {
  struct Window {
    std::int32_t first = 0;
    std::int32_t count = 0;
    std::size_t offset = 0;
  };
  std::vector<Window> windows;
  std::vector<std::int32_t> weights;
};

// 32 bits hold a pixel (8), the headroom for kernels that overshoot (2) and this fraction.
inline constexpr int kWeightFractionBits = 32 - 8 - 2;

/// The weights that take `input_size` samples to `output_size`; any filter but nearest.
ResampleWeights resample_weights(int input_size, int output_size, Resample filter);

}  // namespace blip::image
