#include "generate/log_softmax.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "generate/largest_logit.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "generate/log_softmax.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway requires.
#include "generate/largest-inl.h"
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {

// Sums of this many exponentials are added up in double, so that the error does not grow with the
// vocabulary.
constexpr std::size_t kBlock = 512;

float sum_of_exp_block(const float* x, std::size_t n, float maximum) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> d1;
  const std::size_t lanes = hn::Lanes(d);
  const auto shift = hn::Set(d, maximum);
  auto sums = hn::Zero(d);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    sums = hn::Add(sums, hn::Exp(d, hn::Sub(hn::LoadU(d, x + i), shift)));
  }
  float sum = hn::GetLane(hn::SumOfLanes(d, sums));
  for (; i < n; ++i) sum += hn::GetLane(hn::Exp(d1, hn::Set(d1, x[i] - maximum)));
  return sum;
}

double sum_of_exp(const float* x, std::size_t n, float maximum) {
  double sum = 0.0;
  for (std::size_t start = 0; start < n; start += kBlock) {
    sum += sum_of_exp_block(x + start, std::min(kBlock, n - start), maximum);
  }
  return sum;
}

// Returns the maximum, stores the sum of exp(x - maximum).
float normalize(const float* x, std::size_t n, double* sum) {
  const float maximum = largest_of_finite(x, n);
  *sum = sum_of_exp(x, n, maximum);
  return maximum;
}

}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blip {
namespace {
HWY_EXPORT(normalize);
HWY_EXPORT(sum_of_exp);
}  // namespace

LogNormalizer log_normalizer(std::span<const float> logits) {
  LogNormalizer result;
  double sum = 0.0;
  result.maximum = HWY_DYNAMIC_DISPATCH(normalize)(logits.data(), logits.size(), &sum);
  result.log_sum = std::isnan(result.maximum) ? result.maximum : static_cast<float>(std::log(sum));
  return result;
}

LogNormalizer masked_log_normalizer(std::span<const float> scores) {
  LogNormalizer result;
  result.maximum = scores[static_cast<std::size_t>(first_maximum(scores))];
  // The exponential of -inf is 0.
  const double sum = HWY_DYNAMIC_DISPATCH(sum_of_exp)(scores.data(), scores.size(), result.maximum);
  result.log_sum = static_cast<float>(std::log(sum));
  return result;
}

void log_softmax(std::span<const float> logits, std::span<float> out) {
  const LogNormalizer normalizer = log_normalizer(logits);
  if (std::isnan(normalizer.log_sum)) {
    throw damaged_logits();
  }
  const float maximum = normalizer.maximum;
  const float log_sum = normalizer.log_sum;
  for (std::size_t i = 0; i < logits.size(); ++i) out[i] = logits[i] - maximum - log_sum;
}

}  // namespace blip
#endif  // HWY_ONCE
