#include "kernels/float/gelu.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/float/gelu.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway requires.
#include "hwy/highway.h"
#include "kernels/float/gelu-inl.h"
#include "kernels/float/sigmoid_gelu-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {

template <class Function>
HWY_INLINE void add_bias_then(float* x, const float* bias, std::size_t count,
                              const Function& function) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    auto value = hn::LoadU(d, x + i);
    if (bias != nullptr) value = hn::Add(value, hn::LoadU(d, bias + i));
    hn::StoreU(function(d, value), d, x + i);
  }
  const hn::CappedTag<float, 1> d1;
  for (; i < count; ++i) {
    auto value = hn::LoadU(d1, x + i);
    if (bias != nullptr) value = hn::Add(value, hn::LoadU(d1, bias + i));
    hn::StoreU(function(d1, value), d1, x + i);
  }
}

void add_bias_gelu_target(float* x, const float* bias, std::size_t count) {
  add_bias_then(x, bias, count, [](auto d, auto value) HWY_ATTR { return gelu(d, value); });
}

void add_bias_quick_gelu_target(float* x, const float* bias, std::size_t count) {
  add_bias_then(x, bias, count, [](auto d, auto value) HWY_ATTR { return quick_gelu(d, value); });
}

void add_bias_tanh_gelu_target(float* x, const float* bias, std::size_t count) {
  add_bias_then(x, bias, count, [](auto d, auto value) HWY_ATTR { return tanh_gelu(d, value); });
}

}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blip {
namespace {
HWY_EXPORT(add_bias_gelu_target);
HWY_EXPORT(add_bias_quick_gelu_target);
HWY_EXPORT(add_bias_tanh_gelu_target);
}  // namespace

void add_bias_gelu(float* x, const float* bias, std::size_t count) {
  HWY_DYNAMIC_DISPATCH(add_bias_gelu_target)(x, bias, count);
}

void add_bias_quick_gelu(float* x, const float* bias, std::size_t count) {
  HWY_DYNAMIC_DISPATCH(add_bias_quick_gelu_target)(x, bias, count);
}

void add_bias_tanh_gelu(float* x, const float* bias, std::size_t count) {
  HWY_DYNAMIC_DISPATCH(add_bias_tanh_gelu_target)(x, bias, count);
}

}  // namespace blip
#endif  // HWY_ONCE
