#include "kernels/gelu.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gelu.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway requires.
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// erf(z) = z P(z²) / Q(z²) for |z| <= kErfLimit, where float32's erf has become ±1. P and Q were
// fitted here by iterated weighted least squares on the relative error (2.4e-8 before rounding,
// below the 6e-8 of float32 itself).
constexpr float kErfLimit = 3.92F;
constexpr float kErfP[] = {1.12837911F,   0.189242274F,    0.052607026F,
                           0.0037194863F, 0.000284504087F, 2.06738719e-06F};
constexpr float kErfQ[] = {1.0F,          0.501044452F,  0.113639176F,
                           0.0148757333F, 0.0011526133F, 3.82518047e-05F};

template <class D, class V = hn::Vec<D>>
HWY_INLINE V horner(D d, V t, const float (&coefficients)[6]) {
  V sum = hn::Set(d, coefficients[5]);
  for (int i = 4; i >= 0; --i) sum = hn::MulAdd(sum, t, hn::Set(d, coefficients[i]));
  return sum;
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V gelu(D d, V x) {
  constexpr float kInverseSqrt2 = 0.707106781F;
  const V limit = hn::Set(d, kErfLimit);
  const V z = hn::Min(hn::Max(hn::Mul(x, hn::Set(d, kInverseSqrt2)), hn::Neg(limit)), limit);
  const V t = hn::Mul(z, z);
  const V erf = hn::Div(hn::Mul(z, horner(d, t, kErfP)), horner(d, t, kErfQ));
  // The quotient may round a hair past ±1, which would give large negative x the wrong sign.
  const V one = hn::Set(d, 1.0F);
  const V bounded = hn::Min(hn::Max(erf, hn::Neg(one)), one);
  return hn::Mul(hn::Mul(hn::Set(d, 0.5F), x), hn::Add(one, bounded));
}

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
