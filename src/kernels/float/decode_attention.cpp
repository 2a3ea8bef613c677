#include <cmath>
#include <cstddef>

#include "kernels/float/decode_attention.hpp"
#include "kernels/float/softmax.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/float/decode_attention.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway requires.
#include "hwy/highway.h"
#include "kernels/layout/load_weights-inl.h"

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

// Queries that take turns at every key and value that is read.
constexpr auto kSharedRows = static_cast<std::size_t>(kCachedScores);
// Vectors of keys or values at a time: what each query sums of them needs four independent sums in
// all to cover the latency of a fused multiply-add, and more than 8 sums spill on AVX2.
constexpr std::size_t vectors_for(std::size_t rows) {
  return rows <= 2 ? 4 : 2;
}

// query: [kRows] of [D], keys: [D, kVectors vectors of a row `stride` long] → scores: [kRows] of as
// many. Along the keys, so that no sum crosses lanes.
template <std::size_t kRows, std::size_t kVectors, class D, typename T>
HWY_INLINE void score_keys(D d, const float* query, std::size_t row_step, const T* keys,
                           std::size_t stride, std::size_t head_size, float* scores) {
  const std::size_t lanes = hn::Lanes(d);
  hn::Vec<D> sums[kRows][kVectors];
  for (auto& row : sums) {
    for (auto& sum : row) sum = hn::Zero(d);
  }
  for (std::size_t c = 0; c < head_size; ++c) {
    hn::Vec<D> key[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) {
      key[v] = load_weights(d, keys + c * stride + v * lanes);
    }
    for (std::size_t row = 0; row < kRows; ++row) {
      const auto q = hn::Set(d, query[row * row_step + c]);
      for (std::size_t v = 0; v < kVectors; ++v) {
        sums[row][v] = hn::MulAdd(q, key[v], sums[row][v]);
      }
    }
  }
  for (std::size_t row = 0; row < kRows; ++row) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      hn::StoreU(sums[row][v], d, scores + row * stride + v * lanes);
    }
  }
}

// query: [kRows] of [D], keys: [D, stride] → scores: [kRows, stride], the first num_keys of each
// row and what fills up their last vector
template <std::size_t kRows, typename T>
HWY_INLINE void score_all_keys(const float* query, std::size_t row_step, const T* keys,
                               std::size_t num_keys, std::size_t stride, std::size_t head_size,
                               float* scores) {
  constexpr std::size_t kVectors = vectors_for(kRows);
  const hn::CappedTag<float, static_cast<std::size_t>(kKeyPadding)> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t n = 0;
  for (; n + kVectors * lanes <= num_keys; n += kVectors * lanes) {
    score_keys<kRows, kVectors>(d, query, row_step, keys + n, stride, head_size, scores + n);
  }
  for (; n < num_keys; n += lanes) {
    score_keys<kRows, 1>(d, query, row_step, keys + n, stride, head_size, scores + n);
  }
}

// probabilities: [kRows] of [N], value(i): [kVectors vectors] → out: [kRows] of as much =
// Σ probabilities[i] · value(i)
template <std::size_t kRows, std::size_t kVectors, class D, typename ValueRow>
HWY_INLINE void sum_values(D d, const float* probabilities, std::size_t stride,
                           const ValueRow& value, std::size_t n, float* out, std::size_t row_step) {
  const std::size_t lanes = hn::Lanes(d);
  hn::Vec<D> sums[kRows][kVectors];
  for (auto& row : sums) {
    for (auto& sum : row) sum = hn::Zero(d);
  }
  for (std::size_t i = 0; i < n; ++i) {
    hn::Vec<D> part[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) part[v] = load_weights(d, value(i) + v * lanes);
    for (std::size_t row = 0; row < kRows; ++row) {
      const auto p = hn::Set(d, probabilities[row * stride + i]);
      for (std::size_t v = 0; v < kVectors; ++v) {
        sums[row][v] = hn::MulAdd(p, part[v], sums[row][v]);
      }
    }
  }
  for (std::size_t row = 0; row < kRows; ++row) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      hn::StoreU(sums[row][v], d, out + row * row_step + v * lanes);
    }
  }
}

// probabilities: [kRows] of [N], value(i): [D] → out: [kRows] of [D]
template <std::size_t kRows, typename ValueRow>
HWY_INLINE void weighted_sum(const float* probabilities, std::size_t stride, const ValueRow& value,
                             std::size_t n, std::size_t head_size, float* out,
                             std::size_t row_step) {
  constexpr std::size_t kVectors = vectors_for(kRows);
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t c = 0;
  const auto from = [&](std::size_t i) { return value(i) + c; };
  for (; c + kVectors * lanes <= head_size; c += kVectors * lanes) {
    sum_values<kRows, kVectors>(d, probabilities, stride, from, n, out + c, row_step);
  }
  for (; c + lanes <= head_size; c += lanes) {
    sum_values<kRows, 1>(d, probabilities, stride, from, n, out + c, row_step);
  }
  const hn::CappedTag<float, 1> one;
  for (; c < head_size; ++c) {
    sum_values<kRows, 1>(one, probabilities, stride, from, n, out + c, row_step);
  }
}

template <std::size_t kRows, typename T>
HWY_INLINE void attend_rows(const CachedHead& head, const float* query, std::size_t row_step,
                            float* scores, float* out) {
  const auto size = static_cast<std::size_t>(head.head_size);
  const auto stride = static_cast<std::size_t>(head.stride);
  const auto num_keys = static_cast<std::size_t>(head.tokens);
  score_all_keys<kRows>(query, row_step, static_cast<const T*>(head.keys), num_keys, stride, size,
                        scores);
  softmax_rows(scores, kRows, head.tokens, head.stride,
               1.0F / std::sqrt(static_cast<float>(head.head_size)));
  const auto* values = static_cast<const T*>(head.values);
  weighted_sum<kRows>(
      scores, stride, [&](std::size_t i) { return values + i * size; }, num_keys, size, out,
      row_step);
}

template <typename T>
void attend_all_rows(const CachedHead& head, const float* query, std::size_t rows,
                     std::size_t row_step, float* scores, float* out) {
  for (; rows >= kSharedRows; rows -= kSharedRows) {
    attend_rows<kSharedRows, T>(head, query, row_step, scores, out);
    query += kSharedRows * row_step;
    out += kSharedRows * row_step;
  }
  if (rows == 3) attend_rows<3, T>(head, query, row_step, scores, out);
  if (rows == 2) attend_rows<2, T>(head, query, row_step, scores, out);
  if (rows == 1) attend_rows<1, T>(head, query, row_step, scores, out);
}

void attend_cached_target(const CachedHead& head, const float* query, std::int64_t rows,
                          std::int64_t row_step, float* scores, float* out) {
  const auto count = static_cast<std::size_t>(rows);
  const auto step = static_cast<std::size_t>(row_step);
  if (head.format == WeightFormat::f16) {
    attend_all_rows<Float16>(head, query, count, step, scores, out);
  } else {
    attend_all_rows<float>(head, query, count, step, scores, out);
  }
}

void attend_scattered_target(const float* query, std::span<const float* const> keys,
                             std::span<const float* const> values, std::int64_t offset,
                             std::int64_t head_size, float* scores, float* out) {
  const auto size = static_cast<std::size_t>(head_size);
  for (std::size_t i = 0; i < keys.size(); ++i) scores[i] = dot(query, keys[i] + offset, size);
  const auto n = static_cast<std::int64_t>(keys.size());
  softmax_rows(scores, 1, n, n, 1.0F / std::sqrt(static_cast<float>(head_size)));
  weighted_sum<1>(
      scores, 0, [&](std::size_t i) { return values[i] + offset; }, values.size(), size, out, 0);
}

}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blip {
namespace {
HWY_EXPORT(attend_cached_target);
HWY_EXPORT(attend_scattered_target);
}  // namespace

void attend_cached(const CachedHead& head, const float* query, std::int64_t rows,
                   std::int64_t row_step, float* scores, float* out) {
  HWY_DYNAMIC_DISPATCH(attend_cached_target)(head, query, rows, row_step, scores, out);
}

void attend_scattered(const float* query, std::span<const float* const> keys,
                      std::span<const float* const> values, std::int64_t offset,
                      std::int64_t head_size, float* scores, float* out) {
  HWY_DYNAMIC_DISPATCH(attend_scattered_target)
  (query, keys, values, offset, head_size, scores, out);
}

}  // namespace blip
#endif  // HWY_ONCE
