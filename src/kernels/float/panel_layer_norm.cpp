#include "kernels/float/panel_layer_norm.hpp"

#include <cstddef>

#include "core/thread_memory.hpp"
#include "kernels/layout/panels.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/float/panel_layer_norm.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway requires.
#include "hwy/highway.h"
#include "kernels/layout/panel_vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {

// Four sums side by side: one alone would wait for its own additions.
constexpr std::size_t kSums = 4;

// x: [C, 16], the lanes from `lane` → Σ term(x[c]) over the channels
template <class Term>
HWY_INLINE PanelVector sum_channels(const float* x, std::size_t channels, const Term& term) {
  const PanelTag d;
  PanelVector sums[kSums];
  for (auto& sum : sums) sum = hn::Zero(d);
  std::size_t c = 0;
  for (; c + kSums <= channels; c += kSums) {
    for (std::size_t s = 0; s < kSums; ++s) {
      sums[s] = hn::Add(sums[s], term(hn::Load(d, x + (c + s) * kTokens)));
    }
  }
  for (; c < channels; ++c) sums[0] = hn::Add(sums[0], term(hn::Load(d, x + c * kTokens)));
  return hn::Add(hn::Add(sums[0], sums[1]), hn::Add(sums[2], sums[3]));
}

// Two passes (mean, then squared distances from it), as layer_norm.cpp and for its reason.
void panel_layer_norm_target(const float* panel, const LayerNorm& norm, std::size_t channels,
                             float* out_panel) {
  const PanelTag d;
  const auto size = hn::Set(d, static_cast<float>(channels));
  for (std::size_t lane = 0; lane < kTokens; lane += kLanes) {
    const float* x = panel + lane;
    float* out = out_panel + lane;
    const auto mean =
        hn::Div(sum_channels(x, channels, [](auto value) HWY_ATTR { return value; }), size);
    const auto squares = sum_channels(x, channels, [&](auto value) HWY_ATTR {
      const auto distance = hn::Sub(value, mean);
      return hn::Mul(distance, distance);
    });
    const auto variance = hn::Add(hn::Div(squares, size), hn::Set(d, norm.epsilon));
    const auto scale = hn::Div(hn::Set(d, 1.0F), hn::Sqrt(variance));
    for (std::size_t c = 0; c < channels; ++c) {
      const auto normal = hn::Mul(hn::Sub(hn::Load(d, x + c * kTokens), mean), scale);
      hn::Store(hn::MulAdd(normal, hn::Set(d, norm.weight[c]), hn::Set(d, norm.bias[c])), d,
                out + c * kTokens);
    }
  }
}

}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blip {
namespace {
HWY_EXPORT(panel_layer_norm_target);
}

void panel_layer_norm(const float* x, const LayerNorm& norm, std::int64_t panels,
                      std::int64_t channels, float* out, ThreadPool& threads) {
  threads.parallel_for(static_cast<std::size_t>(panels), [&](std::size_t panel, int) {
    const std::size_t place = panel * static_cast<std::size_t>(channels * kPanelTokens);
    HWY_DYNAMIC_DISPATCH(panel_layer_norm_target)
    (x + place, norm, static_cast<std::size_t>(channels), out + place);
  });
}

void panel_layer_norm(const float* x, const LayerNorm& norm, std::int64_t panels,
                      const QuantizedPanels& out, Context& context) {
  const Scratch::Frame frame(context.scratch());
  const std::int64_t channels = out.channels;
  const auto normals = allocate_for_threads<float>(context, channels * kPanelTokens);
  context.threads().parallel_for(
      static_cast<std::size_t>(panels), [&](std::size_t index, int thread) {
        const auto panel = static_cast<std::int64_t>(index);
        float* normal = normals[static_cast<std::size_t>(thread)];
        HWY_DYNAMIC_DISPATCH(panel_layer_norm_target)
        (x + panel * channels * kPanelTokens, norm, static_cast<std::size_t>(channels), normal);
        quantize_panel(normal, panel, out);
      });
}

}  // namespace blip
#endif  // HWY_ONCE
