#include "generate/largest_logit.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "generate/largest_logit.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway requires.
#include "generate/largest-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {

float largest_of_finite_target(const float* x, std::size_t n) {
  return largest_of_finite(x, n);
}

// std::max_element compares one by one, which takes as long as a layer of a small model.
std::size_t first_maximum_target(const float* x, std::size_t n) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  auto maxima = hn::Set(d, x[0]);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) maxima = hn::Max(maxima, hn::LoadU(d, x + i));
  float maximum = hn::GetLane(hn::MaxOfLanes(d, maxima));
  for (; i < n; ++i) maximum = std::max(maximum, x[i]);

  const auto wanted = hn::Set(d, maximum);
  for (i = 0; i + lanes <= n; i += lanes) {
    const auto first = hn::FindFirstTrue(d, hn::Eq(hn::LoadU(d, x + i), wanted));
    if (first >= 0) return i + static_cast<std::size_t>(first);
  }
  while (i + 1 < n && x[i] != maximum) ++i;
  return i;
}

}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blip {
namespace {
HWY_EXPORT(largest_of_finite_target);
HWY_EXPORT(first_maximum_target);
}  // namespace

Error damaged_logits() {
  return {ErrorCode::malformed,
          "the model's logits contain NaN or infinity: its weights are damaged"};
}

void require_finite(std::span<const float> logits) {
  if (std::isnan(HWY_DYNAMIC_DISPATCH(largest_of_finite_target)(logits.data(), logits.size()))) {
    throw damaged_logits();
  }
}

TokenId first_maximum(std::span<const float> scores) {
  return static_cast<TokenId>(
      HWY_DYNAMIC_DISPATCH(first_maximum_target)(scores.data(), scores.size()));
}

}  // namespace blip
#endif  // HWY_ONCE
