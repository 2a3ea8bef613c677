// The GELUs that are x times a sigmoid, and SiLU. Included once per instruction set by the kernels
// that apply them (Highway's foreach_target pattern).
#if defined(BLIP_KERNELS_SIGMOID_GELU_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLIP_KERNELS_SIGMOID_GELU_INL_H_
#undef BLIP_KERNELS_SIGMOID_GELU_INL_H_
#else
#define BLIP_KERNELS_SIGMOID_GELU_INL_H_
#endif

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// x / (1 + exp(-y)). Where exp(-y) would be infinite the quotient is 0 to float32's accuracy.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V times_sigmoid(D d, V x, V y) {
  const V power = hn::Exp(d, hn::Min(hn::Neg(y), hn::Set(d, 87.0F)));
  return hn::Div(x, hn::Add(hn::Set(d, 1.0F), power));
}

// transformers' "quick_gelu"
template <class D, class V = hn::Vec<D>>
HWY_INLINE V quick_gelu(D d, V x) {
  return times_sigmoid(d, x, hn::Mul(x, hn::Set(d, 1.702F)));
}

// transformers' "gelu_pytorch_tanh": (1 + tanh(u)) / 2 is the sigmoid of 2 u, here with u =
// sqrt(2 / pi) (x + 0.044715 x³).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V tanh_gelu(D d, V x) {
  constexpr float kSlope = 1.59576912F;    // 2 sqrt(2 / pi)
  constexpr float kCubic = 0.0713548163F;  // that times 0.044715
  const V cubic = hn::MulAdd(hn::Mul(x, x), hn::Set(d, kCubic), hn::Set(d, kSlope));
  return times_sigmoid(d, x, hn::Mul(x, cubic));
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V silu(D d, V x) {
  return times_sigmoid(d, x, x);
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
