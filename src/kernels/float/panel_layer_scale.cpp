#include "kernels/float/panel_layer_scale.hpp"

#include <cstddef>

#include "kernels/layout/panels.hpp"

namespace blip {

void panel_layer_scale(float* x, const float* scale, const float* residual, std::int64_t panels,
                       std::int64_t channels, ThreadPool& threads) {
  threads.parallel_for(static_cast<std::size_t>(panels), [&](std::size_t panel, int) {
    const auto place = static_cast<std::int64_t>(panel) * channels * kPanelTokens;
    for (std::int64_t c = 0; c < channels; ++c) {
      float* values = x + place + c * kPanelTokens;
      const float* before = residual + place + c * kPanelTokens;
      for (std::int64_t i = 0; i < kPanelTokens; ++i) values[i] = before[i] + scale[c] * values[i];
    }
  });
}

}  // namespace blip
