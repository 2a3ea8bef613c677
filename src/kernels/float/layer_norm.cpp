#include "kernels/float/layer_norm.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/float/layer_norm.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway requires.
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Two passes (mean, then squared distances from it): the one-pass formula cancels when the mean is
// large against the spread, which post-norm BERT states are.
void layer_norm_row(const float* x, const LayerNorm& norm, std::size_t channels, float* out) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t whole = channels / lanes * lanes;
  const auto size = static_cast<float>(channels);

  auto sums = hn::Zero(d);
  for (std::size_t i = 0; i < whole; i += lanes) sums = hn::Add(sums, hn::LoadU(d, x + i));
  float sum = hn::GetLane(hn::SumOfLanes(d, sums));
  for (std::size_t i = whole; i < channels; ++i) sum += x[i];
  const float mean = sum / size;

  const auto means = hn::Set(d, mean);
  auto squares = hn::Zero(d);
  for (std::size_t i = 0; i < whole; i += lanes) {
    const auto distance = hn::Sub(hn::LoadU(d, x + i), means);
    squares = hn::MulAdd(distance, distance, squares);
  }
  float square = hn::GetLane(hn::SumOfLanes(d, squares));
  for (std::size_t i = whole; i < channels; ++i) square += (x[i] - mean) * (x[i] - mean);
  const float scale = 1.0F / std::sqrt(square / size + norm.epsilon);

  const auto scales = hn::Set(d, scale);
  for (std::size_t i = 0; i < whole; i += lanes) {
    const auto normal = hn::Mul(hn::Sub(hn::LoadU(d, x + i), means), scales);
    hn::StoreU(hn::MulAdd(normal, hn::LoadU(d, norm.weight + i), hn::LoadU(d, norm.bias + i)), d,
               out + i);
  }
  for (std::size_t i = whole; i < channels; ++i) {
    out[i] = (x[i] - mean) * scale * norm.weight[i] + norm.bias[i];
  }
}

void layer_norm_target(const float* x, const LayerNorm& norm, std::int64_t count,
                       std::int64_t channels, float* out) {
  for (std::int64_t row = 0; row < count; ++row) {
    layer_norm_row(x + row * channels, norm, static_cast<std::size_t>(channels),
                   out + row * channels);
  }
}

}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blip {
namespace {
HWY_EXPORT(layer_norm_target);
}

void layer_norm(const float* x, const LayerNorm& norm, std::int64_t count, std::int64_t channels,
                float* out) {
  HWY_DYNAMIC_DISPATCH(layer_norm_target)(x, norm, count, channels, out);
}

void layer_norm(const float* x, const LayerNorm& norm, std::int64_t count, std::int64_t channels,
                float* out, ThreadPool& threads) {
  // 32 rows of 768 take about 10 µs: several times what handing out a task costs.
  constexpr std::int64_t kRowsPerTask = 32;
  const std::int64_t tasks = (count + kRowsPerTask - 1) / kRowsPerTask;
  threads.parallel_for(static_cast<std::size_t>(tasks), [&](std::size_t task, int) {
    const std::int64_t first = static_cast<std::int64_t>(task) * kRowsPerTask;
    layer_norm(x + first * channels, norm, std::min(kRowsPerTask, count - first), channels,
               out + first * channels);
  });
}

}  // namespace blip
#endif  // HWY_ONCE
