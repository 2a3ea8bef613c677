// Resampling weights for one axis, in the fixed point that the 8-bit passes use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "blip/image.hpp"
#include "blip/image_processor_config.hpp"

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

/// `input_size` samples made `output_size`, of which `count` from `first` on are wanted.
struct ResampledAxis {
  int input_size = 0;
  int output_size = 0;
  int first = 0;
  int count = 0;
};

/// The weights for any filter but nearest. Pillow's have 22 fraction bits. torchvision's have as
/// many as let the largest weight of the whole axis fit in 15 bits; more follow that are 0.
ResampleWeights resample_weights(const ResampledAxis& axis, Resample filter, ImageBackend backend);

}  // namespace blip::image
