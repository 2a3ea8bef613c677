#include "kernels/float/softmax.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/float/softmax.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway requires.
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void softmax_row(float* scores, std::size_t n, float scale) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> d1;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t whole = n / lanes * lanes;

  float largest = -std::numeric_limits<float>::infinity();
  if (whole > 0) {
    auto maxima = hn::LoadU(d, scores);
    for (std::size_t i = lanes; i < whole; i += lanes) {
      maxima = hn::Max(maxima, hn::LoadU(d, scores + i));
    }
    largest = hn::GetLane(hn::MaxOfLanes(d, maxima));
  }
  for (std::size_t i = whole; i < n; ++i) largest = std::max(largest, scores[i]);

  // exp((s - max) * scale): the scale is positive, so the largest score stays the largest.
  const auto shift = hn::Set(d, largest);
  const auto scales = hn::Set(d, scale);
  auto sums = hn::Zero(d);
  for (std::size_t i = 0; i < whole; i += lanes) {
    const auto power = hn::Exp(d, hn::Mul(hn::Sub(hn::LoadU(d, scores + i), shift), scales));
    hn::StoreU(power, d, scores + i);
    sums = hn::Add(sums, power);
  }
  float sum = hn::GetLane(hn::SumOfLanes(d, sums));
  for (std::size_t i = whole; i < n; ++i) {
    scores[i] = hn::GetLane(hn::Exp(d1, hn::Set(d1, (scores[i] - largest) * scale)));
    sum += scores[i];
  }

  const float inverse = 1.0F / sum;
  const auto inverses = hn::Set(d, inverse);
  for (std::size_t i = 0; i < whole; i += lanes) {
    hn::StoreU(hn::Mul(hn::LoadU(d, scores + i), inverses), d, scores + i);
  }
  for (std::size_t i = whole; i < n; ++i) scores[i] *= inverse;
}

void softmax_rows_target(float* scores, std::int64_t count, std::int64_t n, std::int64_t stride,
                         float scale) {
  for (std::int64_t row = 0; row < count; ++row) {
    softmax_row(scores + row * stride, static_cast<std::size_t>(n), scale);
  }
}

}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blip {
namespace {
HWY_EXPORT(softmax_rows_target);
}

void softmax_rows(float* scores, std::int64_t count, std::int64_t n, std::int64_t stride,
                  float scale) {
  HWY_DYNAMIC_DISPATCH(softmax_rows_target)(scores, count, n, stride, scale);
}

}  // namespace blip
#endif  // HWY_ONCE
