#include "kernels/float/group_norm.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/float/group_norm.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway requires.
#include "hwy/highway.h"
#include "kernels/float/sigmoid_gelu-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {

// x: [pixels, C], factors, addends: [C] → out = x * factors + addends, and silu of that
template <bool kSilu>
void scale_pixels(const float* x, const float* factors, const float* addends, std::size_t pixels,
                  std::size_t channels, float* out) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> one;
  const std::size_t lanes = hn::Lanes(d);
  const auto apply = [&](auto tag, std::size_t c) HWY_ATTR {
    auto y =
        hn::MulAdd(hn::LoadU(tag, x + c), hn::LoadU(tag, factors + c), hn::LoadU(tag, addends + c));
    if constexpr (kSilu) y = silu(tag, y);
    hn::StoreU(y, tag, out + c);
  };
  for (std::size_t pixel = 0; pixel < pixels; ++pixel, x += channels, out += channels) {
    std::size_t c = 0;
    for (; c + lanes <= channels; c += lanes) apply(d, c);
    for (; c < channels; ++c) apply(one, c);
  }
}

void scale_pixels_target(const float* x, const float* factors, const float* addends,
                         std::size_t pixels, std::size_t channels, AfterNorm after, float* out) {
  if (after == AfterNorm::silu) {
    scale_pixels<true>(x, factors, addends, pixels, channels, out);
  } else {
    scale_pixels<false>(x, factors, addends, pixels, channels, out);
  }
}

}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "core/scratch.hpp"
#include "core/thread_pool.hpp"
#include "kernels/layout/divide_up.hpp"

namespace blip {
namespace {
HWY_EXPORT(scale_pixels_target);

// Pixels of a task: 512 of 128 channels take some 30 µs.
constexpr std::int64_t kPixelsAtOnce = 512;

// x: [pixels, C] → sums: [2, C], of the values and of their squares
void sum_channels(const float* x, std::int64_t pixels, std::int64_t channels, double* sums) {
  std::fill(sums, sums + 2 * channels, 0.0);
  for (std::int64_t pixel = 0; pixel < pixels; ++pixel, x += channels) {
    for (std::int64_t c = 0; c < channels; ++c) {
      const auto value = static_cast<double>(x[c]);
      sums[c] += value;
      sums[channels + c] += value * value;
    }
  }
}

// sums: [parts, 2, C] of one image → factors, addends: [C]
void scales_of(const double* sums, std::int64_t parts, const GroupNorm& norm, std::int64_t pixels,
               float* factors, float* addends) {
  const std::int64_t channels = norm.channels;
  const std::int64_t width = channels / norm.groups;
  const auto count = static_cast<double>(pixels * width);
  for (std::int64_t group = 0; group < norm.groups; ++group) {
    double sum = 0.0;
    double squares = 0.0;
    for (std::int64_t part = 0; part < parts; ++part) {
      const double* own = sums + part * 2 * channels;
      for (std::int64_t c = group * width; c < (group + 1) * width; ++c) {
        sum += own[c];
        squares += own[channels + c];
      }
    }
    const double mean = sum / count;
    const double variance = std::max(squares / count - mean * mean, 0.0);
    const double scale = 1.0 / std::sqrt(variance + static_cast<double>(norm.epsilon));
    for (std::int64_t c = group * width; c < (group + 1) * width; ++c) {
      const double factor = scale * static_cast<double>(norm.weight[c]);
      factors[c] = static_cast<float>(factor);
      addends[c] = static_cast<float>(static_cast<double>(norm.bias[c]) - mean * factor);
    }
  }
}

}  // namespace

void group_norm(const float* x, const GroupNorm& norm, std::int64_t batch, std::int64_t pixels,
                AfterNorm after, float* out, Context& context) {
  const Scratch::Frame frame(context.scratch());
  const std::int64_t channels = norm.channels;
  const std::int64_t parts = divide_up(pixels, kPixelsAtOnce);
  const auto tasks = static_cast<std::size_t>(batch * parts);
  auto* sums = context.scratch().allocate<double>(tasks * static_cast<std::size_t>(2 * channels));
  auto* scales = context.scratch().allocate<float>(static_cast<std::size_t>(batch * 2 * channels));
  const auto first_of = [&](std::size_t task) {
    return static_cast<std::int64_t>(task) % parts * kPixelsAtOnce;
  };
  const auto count_of = [&](std::size_t task) {
    return std::min(kPixelsAtOnce, pixels - first_of(task));
  };
  const auto start_of = [&](std::size_t task) {
    return (static_cast<std::int64_t>(task) / parts * pixels + first_of(task)) * channels;
  };
  context.threads().parallel_for(tasks, [&](std::size_t task, int) {
    sum_channels(x + start_of(task), count_of(task), channels,
                 sums + static_cast<std::int64_t>(task) * 2 * channels);
  });
  for (std::int64_t image = 0; image < batch; ++image) {
    float* own = scales + image * 2 * channels;
    scales_of(sums + image * parts * 2 * channels, parts, norm, pixels, own, own + channels);
  }
  context.threads().parallel_for(tasks, [&](std::size_t task, int) {
    const float* own = scales + static_cast<std::int64_t>(task) / parts * 2 * channels;
    HWY_DYNAMIC_DISPATCH(scale_pixels_target)
    (x + start_of(task), own, own + channels, static_cast<std::size_t>(count_of(task)),
     static_cast<std::size_t>(channels), after, out + start_of(task));
  });
}

}  // namespace blip
#endif  // HWY_ONCE
