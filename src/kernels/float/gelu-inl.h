// The exact (erf) GELU of a vector. Included once per instruction set by the kernels that apply it
// (Highway's foreach_target pattern).
#if defined(BLIP_KERNELS_GELU_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLIP_KERNELS_GELU_INL_H_
#undef BLIP_KERNELS_GELU_INL_H_
#else
#define BLIP_KERNELS_GELU_INL_H_
#endif

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

// The same to 2e-4 anywhere, without a division: for results that are then quantized. The normal
// distribution's integral less a half is x P(x²) for |x| <= 4, fitted here by iterated weighted
// least squares on the error of the product with x.
constexpr float kApproximateGeluLimit = 4.0F;
constexpr float kApproximateGelu[] = {0.397883207F,     -0.0645729303F,  0.00877231546F,
                                      -0.000814001658F, 4.79541923e-05F, -1.59853982e-06F,
                                      2.27802897e-08F};

template <class D, class V = hn::Vec<D>>
HWY_INLINE V approximate_gelu(D d, V x) {
  const V limit = hn::Set(d, kApproximateGeluLimit);
  const V z = hn::Min(hn::Max(x, hn::Neg(limit)), limit);
  const V t = hn::Mul(z, z);
  V sum = hn::Set(d, kApproximateGelu[6]);
  for (int i = 5; i >= 0; --i) sum = hn::MulAdd(sum, t, hn::Set(d, kApproximateGelu[i]));
  return hn::Mul(x, hn::MulAdd(z, sum, hn::Set(d, 0.5F)));
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
