#include "architectures/efficientnet_lite/blocks.hpp"

#include <algorithm>
#include <cmath>

namespace blip {

int scaled_channels(const EfficientNetLiteConfig& config, int channels) {
  const int divisor = config.depth_divisor;
  const double scaled = channels * config.width_coefficient;
  const int nearest = static_cast<int>(scaled + divisor / 2.0) / divisor * divisor;
  const int rounded = std::max(divisor, nearest);
  return rounded < 0.9 * scaled ? rounded + divisor : rounded;
}

std::vector<EfficientNetLiteBlock> blocks_of(const EfficientNetLiteConfig& config) {
  std::vector<EfficientNetLiteBlock> blocks;
  const std::size_t stages = config.out_channels.size();
  int inputs = stem_channels(config);
  for (std::size_t stage = 0; stage < stages; ++stage) {
    const bool scales_depth = stage != 0 && stage + 1 != stages;
    const double depth = scales_depth ? config.depth_coefficient : 1.0;
    const int repeats = static_cast<int>(std::ceil(depth * config.num_block_repeats[stage]));
    const int outputs = scaled_channels(config, config.out_channels[stage]);
    for (int repeat = 0; repeat < repeats; ++repeat) {
      blocks.push_back({.inputs = inputs,
                        .expanded = inputs * config.expand_ratios[stage],
                        .outputs = outputs,
                        .kernel = config.kernel_sizes[stage],
                        .stride = repeat == 0 ? config.strides[stage] : 1});
      inputs = outputs;
    }
  }
  return blocks;
}

}  // namespace blip
