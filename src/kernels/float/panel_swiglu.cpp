#include "kernels/float/panel_swiglu.hpp"

#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/float/panel_swiglu.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway requires.
#include "hwy/highway.h"
#include "kernels/float/sigmoid_gelu-inl.h"
#include "kernels/layout/panel_vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {

// gates, values: [count] → out: [count], whole rows of a panel
void multiply_by_gates(const float* gates, const float* values, std::size_t count, float* out) {
  const PanelTag d;
  for (std::size_t i = 0; i < count; i += kLanes) {
    hn::Store(hn::Mul(silu(d, hn::Load(d, gates + i)), hn::Load(d, values + i)), d, out + i);
  }
}

}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blip {
namespace {
HWY_EXPORT(multiply_by_gates);
}

void panel_swiglu(const float* x, std::int64_t panels, std::int64_t channels, float* out,
                  ThreadPool& threads) {
  const auto size = static_cast<std::size_t>(channels * kPanelTokens);
  threads.parallel_for(static_cast<std::size_t>(panels), [&](std::size_t panel, int) {
    const float* gates = x + panel * 2 * size;
    HWY_DYNAMIC_DISPATCH(multiply_by_gates)(gates, gates + size, size, out + panel * size);
  });
}

}  // namespace blip
#endif  // HWY_ONCE
