// The largest of some floats, for kernels that Highway compiles once per instruction set.
#if defined(BLIP_GENERATE_LARGEST_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLIP_GENERATE_LARGEST_INL_H_
#undef BLIP_GENERATE_LARGEST_INL_H_
#else
#define BLIP_GENERATE_LARGEST_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <limits>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// NaN if one of x: [n], not empty, is NaN or infinity.
HWY_INLINE float largest_of_finite(const float* x, std::size_t n) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  auto maxima = hn::Set(d, x[0]);
  // x - x is 0, but NaN for NaN and infinities, which maxima and exponentials would swallow.
  auto flaws = hn::Zero(d);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto values = hn::LoadU(d, x + i);
    maxima = hn::Max(maxima, values);
    flaws = hn::Add(flaws, hn::Sub(values, values));
  }
  float maximum = hn::GetLane(hn::MaxOfLanes(d, maxima));
  float flaw = hn::GetLane(hn::SumOfLanes(d, flaws));
  for (; i < n; ++i) {
    maximum = std::max(maximum, x[i]);
    flaw += x[i] - x[i];
  }
  return flaw == 0.0F ? maximum : std::numeric_limits<float>::quiet_NaN();
}

}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BLIP_GENERATE_LARGEST_INL_H_
