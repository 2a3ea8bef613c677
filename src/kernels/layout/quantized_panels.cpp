#include "kernels/layout/quantized_panels.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/layout/quantized_panels.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway requires.
#include "hwy/highway.h"
#include "kernels/layout/panel_integers-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {

// x: [channels, 16] → values: [channels / 4, 16, 4], steps: [16], offsets: [16]
void quantize_channels_target(const float* x, std::size_t channels, std::uint8_t* values,
                              float* steps, float* offsets) {
  constexpr float kLargest = 255.0F;
  const PanelTag d;
  const PanelIntTag d32;
  for (std::size_t lane = 0; lane < kTokens; lane += kLanes) {
    const float* column = x + lane;
    auto least = hn::Load(d, column);
    auto most = least;
    for (std::size_t c = 1; c < channels; ++c) {
      const auto value = hn::Load(d, column + c * kTokens);
      least = hn::Min(least, value);
      most = hn::Max(most, value);
    }
    const auto range = hn::Sub(most, least);
    // A block of one value has no range: all of it is the offset.
    const auto inverse =
        hn::IfThenZeroElse(hn::Eq(range, hn::Zero(d)), hn::Div(hn::Set(d, kLargest), range));
    hn::Store(hn::Mul(range, hn::Set(d, 1.0F / kLargest)), d, steps + lane);
    hn::Store(least, d, offsets + lane);

    const auto stored = [&](std::size_t c) HWY_ATTR {
      const auto value = hn::Load(d, column + c * kTokens);
      return hn::NearestInt(hn::Mul(hn::Sub(value, least), inverse));
    };
    auto* out = reinterpret_cast<std::int32_t*>(values) + lane;
    for (std::size_t c = 0; c < channels; c += 4) {
      hn::Store(pack_bytes(stored(c), stored(c + 1), stored(c + 2), stored(c + 3)), d32,
                out + c / 4 * kTokens);
    }
  }
}

}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blip {
namespace {
HWY_EXPORT(quantize_channels_target);
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

void quantize_channels(const float* x, std::int64_t channels, std::uint8_t* values, float* steps,
                       float* offsets) {
  HWY_DYNAMIC_DISPATCH(quantize_channels_target)
  (x, static_cast<std::size_t>(channels), values, steps, offsets);
}

void quantize_panel(const float* x, std::int64_t panel, const QuantizedPanels& out) {
  const std::int64_t block = quantization_block(out.channels);
  for (std::int64_t first = 0; first < out.channels; first += block) {
    const std::int64_t scales = out.place(panel, first / block);
    quantize_channels(x + first * kPanelTokens, std::min(block, out.channels - first),
                      out.panel(panel) + first * kPanelTokens, out.steps + scales,
                      out.offsets + scales);
  }
}

void quantize_panels(const float* x, std::int64_t panels, const QuantizedPanels& out,
                     ThreadPool& threads) {
  threads.parallel_for(static_cast<std::size_t>(panels), [&](std::size_t index, int) {
    const auto panel = static_cast<std::int64_t>(index);
    quantize_panel(x + panel * out.channels * kPanelTokens, panel, out);
  });
}

}  // namespace blip
#endif  // HWY_ONCE
