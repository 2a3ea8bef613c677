// The blocks of an EfficientNet-Lite, told from its configuration.
#pragma once

#include <vector>

#include "blip/config.hpp"

namespace blip {

/// An inverted residual block: a pointwise convolution to more channels, a depthwise one, and a
/// pointwise one to few.
struct EfficientNetLiteBlock {
  int inputs = 0;
  int expanded = 0;  ///< as many as inputs: there is no first convolution
  int outputs = 0;
  int kernel = 0;
  int stride = 0;

  [[nodiscard]] bool expands() const noexcept { return expanded != inputs; }
  [[nodiscard]] bool adds_input() const noexcept { return stride == 1 && inputs == outputs; }
};

/// `channels` times the width, to the nearest multiple of the divisor, but no less than nine
/// tenths.
int scaled_channels(const EfficientNetLiteConfig& config, int channels);

/// In the data's order; those of all stages in one list, as the tensors count them.
std::vector<EfficientNetLiteBlock> blocks_of(const EfficientNetLiteConfig& config);

/// Channels of the stem, which the width does not scale.
inline int stem_channels(const EfficientNetLiteConfig& config) {
  return config.in_channels.front();
}

inline constexpr int kStemKernel = 3;
inline constexpr int kStemStride = 2;

}  // namespace blip
