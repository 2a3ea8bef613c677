#include "kernels/quantized_panels.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/quantized_panels.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway requires.
#include "hwy/highway.h"
#include "kernels/quantize_block-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {

void quantize_block_target(const float* x, std::size_t channels, std::uint8_t* values, float* steps,
                           float* offsets) {
  quantize_block(x, channels, values, steps, offsets);
}

}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blip {
namespace {
HWY_EXPORT(quantize_block_target);
}

QuantizedPanels allocate_quantized_panels(Scratch& scratch, std::int64_t panels,
                                          std::int64_t channels) {
  const auto tokens = static_cast<std::size_t>(panels * kPanelTokens);
  const std::size_t scales = tokens * static_cast<std::size_t>(quantization_blocks(channels));
  return {.values = scratch.allocate<std::uint8_t>(tokens * static_cast<std::size_t>(channels)),
          .steps = scratch.allocate<float>(scales),
          .offsets = scratch.allocate<float>(scales),
          .channels = channels};
}

void quantize_panels(const float* x, std::int64_t panels, const QuantizedPanels& out,
                     ThreadPool& threads) {
  const std::int64_t size = quantization_block(out.channels);
  threads.parallel_for(static_cast<std::size_t>(panels), [&](std::size_t index, int) {
    const auto panel = static_cast<std::int64_t>(index);
    for (std::int64_t first = 0; first < out.channels; first += size) {
      const std::int64_t count = std::min(size, out.channels - first);
      const std::int64_t scales = out.place(panel, first / size);
      HWY_DYNAMIC_DISPATCH(quantize_block_target)
      (x + (panel * out.channels + first) * kPanelTokens, static_cast<std::size_t>(count),
       out.panel(panel) + first * kPanelTokens, out.steps + scales, out.offsets + scales);
    }
  });
}

}  // namespace blip
#endif  // HWY_ONCE
