#include "kernels/float/gelu.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/float/gelu.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway requires.
#include "hwy/highway.h"
#include "kernels/float/gelu-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {

void add_bias_gelu_target(float* x, const float* bias, std::size_t count) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    auto value = hn::LoadU(d, x + i);
    if (bias != nullptr) value = hn::Add(value, hn::LoadU(d, bias + i));
    hn::StoreU(gelu(d, value), d, x + i);
  }
  const hn::CappedTag<float, 1> d1;
  for (; i < count; ++i) {
    auto value = hn::LoadU(d1, x + i);
    if (bias != nullptr) value = hn::Add(value, hn::LoadU(d1, bias + i));
    hn::StoreU(gelu(d1, value), d1, x + i);
  }
}

}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blip {
namespace {
HWY_EXPORT(add_bias_gelu_target);
}

void add_bias_gelu(float* x, const float* bias, std::size_t count) {
  HWY_DYNAMIC_DISPATCH(add_bias_gelu_target)(x, bias, count);
}

}  // namespace blip
#endif  // HWY_ONCE
