#include <cmath>
#include <cstddef>

#include "kernels/attention.hpp"
#include "kernels/softmax.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/decode_attention.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway requires.
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// a, b: [size] → a · b
HWY_INLINE float dot(const float* a, const float* b, std::size_t size) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  auto sums = hn::Zero(d);
  std::size_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    sums = hn::MulAdd(hn::LoadU(d, a + i), hn::LoadU(d, b + i), sums);
  }
  float sum = hn::GetLane(hn::SumOfLanes(d, sums));
  for (; i < size; ++i) sum += a[i] * b[i];
  return sum;
}

// query: [D], keys: [D, stride] → scores: [stride]. Along the keys, so that no sum crosses lanes;
// four vectors at a time give the adds the independence their latency asks for.
void scores_transposed(const float* query, const float* keys, std::size_t stride,
                       std::size_t head_size, float* scores) {
  const hn::CappedTag<float, static_cast<std::size_t>(kKeyPadding)> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t n = 0;
  for (; n + 4 * lanes <= stride; n += 4 * lanes) {
    auto s0 = hn::Zero(d);
    auto s1 = hn::Zero(d);
    auto s2 = hn::Zero(d);
    auto s3 = hn::Zero(d);
    for (std::size_t c = 0; c < head_size; ++c) {
      const float* key = keys + c * stride + n;
      const auto q = hn::Set(d, query[c]);
      s0 = hn::MulAdd(q, hn::LoadU(d, key), s0);
      s1 = hn::MulAdd(q, hn::LoadU(d, key + lanes), s1);
      s2 = hn::MulAdd(q, hn::LoadU(d, key + 2 * lanes), s2);
      s3 = hn::MulAdd(q, hn::LoadU(d, key + 3 * lanes), s3);
    }
    hn::StoreU(s0, d, scores + n);
    hn::StoreU(s1, d, scores + n + lanes);
    hn::StoreU(s2, d, scores + n + 2 * lanes);
    hn::StoreU(s3, d, scores + n + 3 * lanes);
  }
  for (; n < stride; n += lanes) {
    auto sum = hn::Zero(d);
    for (std::size_t c = 0; c < head_size; ++c) {
      sum = hn::MulAdd(hn::Set(d, query[c]), hn::LoadU(d, keys + c * stride + n), sum);
    }
    hn::StoreU(sum, d, scores + n);
  }
}

// probabilities: [N], value(i): [D] → out: [D] = Σ probabilities[i] · value(i)
template <typename ValueRow>
HWY_INLINE void weighted_sum(const float* probabilities, const ValueRow& value, std::size_t n,
                             std::size_t head_size, float* out) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t c = 0;
  // Eight accumulators are a whole head of 64 on AVX2: the values are then read once, in order.
  for (; c + 8 * lanes <= head_size; c += 8 * lanes) {
    hn::Vec<decltype(d)> sums[8];
    for (auto& sum : sums) sum = hn::Zero(d);
    for (std::size_t i = 0; i < n; ++i) {
      const auto p = hn::Set(d, probabilities[i]);
      const float* row = value(i) + c;
      for (std::size_t v = 0; v < 8; ++v) {
        sums[v] = hn::MulAdd(p, hn::LoadU(d, row + v * lanes), sums[v]);
      }
    }
    for (std::size_t v = 0; v < 8; ++v) hn::StoreU(sums[v], d, out + c + v * lanes);
  }
  for (; c + lanes <= head_size; c += lanes) {
    auto sum = hn::Zero(d);
    for (std::size_t i = 0; i < n; ++i) {
      sum = hn::MulAdd(hn::Set(d, probabilities[i]), hn::LoadU(d, value(i) + c), sum);
    }
    hn::StoreU(sum, d, out + c);
  }
  for (; c < head_size; ++c) {
    float sum = 0.0F;
    for (std::size_t i = 0; i < n; ++i) sum += probabilities[i] * value(i)[c];
    out[c] = sum;
  }
}

void attend_transposed_target(const float* query, const float* keys, const float* values,
                              std::int64_t n, std::int64_t stride, std::int64_t head_size,
                              float* scores, float* out) {
  const auto size = static_cast<std::size_t>(head_size);
  scores_transposed(query, keys, static_cast<std::size_t>(stride), size, scores);
  softmax_rows(scores, 1, n, stride, 1.0F / std::sqrt(static_cast<float>(head_size)));
  weighted_sum(
      scores, [&](std::size_t i) { return values + i * size; }, static_cast<std::size_t>(n), size,
      out);
}

void attend_scattered_target(const float* query, std::span<const float* const> keys,
                             std::span<const float* const> values, std::int64_t offset,
                             std::int64_t head_size, float* scores, float* out) {
  const auto size = static_cast<std::size_t>(head_size);
  for (std::size_t i = 0; i < keys.size(); ++i) scores[i] = dot(query, keys[i] + offset, size);
  const auto n = static_cast<std::int64_t>(keys.size());
  softmax_rows(scores, 1, n, n, 1.0F / std::sqrt(static_cast<float>(head_size)));
  weighted_sum(
      scores, [&](std::size_t i) { return values[i] + offset; }, values.size(), size, out);
}

}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blip {
namespace {
HWY_EXPORT(attend_transposed_target);
HWY_EXPORT(attend_scattered_target);
}  // namespace

void attend_transposed(const float* query, const float* keys, const float* values, std::int64_t n,
                       std::int64_t stride, std::int64_t head_size, float* scores, float* out) {
  HWY_DYNAMIC_DISPATCH(attend_transposed_target)
  (query, keys, values, n, stride, head_size, scores, out);
}

void attend_scattered(const float* query, std::span<const float* const> keys,
                      std::span<const float* const> values, std::int64_t offset,
                      std::int64_t head_size, float* scores, float* out) {
  HWY_DYNAMIC_DISPATCH(attend_scattered_target)
  (query, keys, values, offset, head_size, scores, out);
}

}  // namespace blip
#endif  // HWY_ONCE
