#include "kernels/int8/int8_small_gemm.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/int8/int8_small_gemm.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway requires.
#include "hwy/highway.h"
#include "kernels/layout/prefetch.hpp"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr float kLargest = 32767.0F;
// A product is below 2^22, so that a lane of 32 bits holds 512 of them. Vectors of 128 bits, the
// narrowest, have 4 such lanes.
constexpr std::size_t kBlockChannels = 1024;
// As small_gemm.cpp's: sums, inputs and weights fill the registers of AVX2.
constexpr int kWeightRows = 4;
constexpr int kInputRows = 3;

void round_row(const float* x, std::size_t channels, std::int16_t* values, float* step) {
  const hn::ScalableTag<float> d;
  const hn::Rebind<std::int16_t, decltype(d)> d16;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t whole = channels / lanes * lanes;
  auto most = hn::Zero(d);
  // Sums, unlike maxima, do not lose a NaN.
  auto sum = hn::Zero(d);
  for (std::size_t c = 0; c < whole; c += lanes) {
    const auto magnitude = hn::Abs(hn::LoadU(d, x + c));
    most = hn::Max(most, magnitude);
    sum = hn::Add(sum, magnitude);
  }
  float largest = hn::GetLane(hn::MaxOfLanes(d, most));
  float total = hn::GetLane(hn::SumOfLanes(d, sum));
  for (std::size_t c = whole; c < channels; ++c) {
    largest = std::max(largest, std::abs(x[c]));
    total += std::abs(x[c]);
  }
  const float found = largest / kLargest;
  if (!std::isfinite(total) || found < std::numeric_limits<float>::min()) {
    // Nothing that a step could be told of: all zero, or not a number.
    *step = std::isfinite(total) ? 0.0F : std::numeric_limits<float>::quiet_NaN();
    std::fill_n(values, channels, std::int16_t{0});
    return;
  }
  *step = found;
  const float inverse = kLargest / largest;
  const auto inverses = hn::Set(d, inverse);
  for (std::size_t c = 0; c < whole; c += lanes) {
    const auto rounded = hn::NearestInt(hn::Mul(hn::LoadU(d, x + c), inverses));
    hn::StoreU(hn::DemoteTo(d16, rounded), d16, values + c);
  }
  for (std::size_t c = whole; c < channels; ++c) {
    values[c] = static_cast<std::int16_t>(std::nearbyint(x[c] * inverse));
  }
}

void round_to_int16_target(const float* x, std::int64_t m, std::int64_t channels,
                           std::int16_t* values, float* steps) {
  for (std::int64_t row = 0; row < m; ++row) {
    round_row(x + row * channels, static_cast<std::size_t>(channels), values + row * channels,
              steps + row);
  }
}

// x · weight over channels [begin, end)
HWY_INLINE std::int64_t dot_plainly(const std::int16_t* x, const std::int8_t* weight,
                                    std::size_t begin, std::size_t end) {
  std::int64_t sum = 0;
  for (std::size_t c = begin; c < end; ++c) sum += std::int64_t{x[c]} * weight[c];
  return sum;
}

#if HWY_TARGET == HWY_SCALAR

template <int kRows, int kOutputs>
HWY_INLINE void add_block(const std::int16_t* x, const std::int8_t* weight, std::size_t channels,
                          std::size_t begin, std::size_t end, float (&sums)[kRows][kOutputs]) {
  for (int row = 0; row < kRows; ++row) {
    for (int output = 0; output < kOutputs; ++output) {
      sums[row][output] += static_cast<float>(
          dot_plainly(x + row * channels, weight + output * channels, begin, end));
    }
  }
}

#else

// x: [kRows, C], weight: [kOutputs, C] → sums[row][output] += the products of channels [begin, end)
template <int kRows, int kOutputs>
HWY_INLINE void add_block(const std::int16_t* HWY_RESTRICT x,
                          const std::int8_t* HWY_RESTRICT weight, std::size_t channels,
                          std::size_t begin, std::size_t end, float (&sums)[kRows][kOutputs]) {
  const hn::ScalableTag<std::int16_t> d16;
  const hn::Rebind<std::int8_t, decltype(d16)> d8;
  const hn::RepartitionToWide<decltype(d16)> d32;
  const hn::Rebind<float, decltype(d32)> df;
  // Two of each: some instruction sets put a pair's products into lanes of their own.
  hn::Vec<decltype(d32)> low[kRows][kOutputs];
  hn::Vec<decltype(d32)> high[kRows][kOutputs];
  for (int row = 0; row < kRows; ++row) {
    for (int output = 0; output < kOutputs; ++output) {
      low[row][output] = hn::Zero(d32);
      high[row][output] = hn::Zero(d32);
    }
  }
  const std::size_t lanes = hn::Lanes(d16);
  std::size_t c = begin;
  for (; c + lanes <= end; c += lanes) {
    hn::Vec<decltype(d16)> inputs[kRows];
    for (int row = 0; row < kRows; ++row) inputs[row] = hn::LoadU(d16, x + row * channels + c);
    for (int output = 0; output < kOutputs; ++output) {
      const std::int8_t* place = weight + output * channels + c;
      // The same place of the rows that come after the next: reading ahead across the ends of short
      // rows is more than the hardware does alone.
      prefetch_to_second_level(place + 2 * kOutputs * channels);
      const auto weights = hn::PromoteTo(d16, hn::LoadU(d8, place));
      for (int row = 0; row < kRows; ++row) {
        low[row][output] = hn::ReorderWidenMulAccumulate(d32, inputs[row], weights,
                                                         low[row][output], high[row][output]);
      }
    }
  }
  for (int row = 0; row < kRows; ++row) {
    for (int output = 0; output < kOutputs; ++output) {
      const auto both = hn::ConvertTo(df, hn::Add(low[row][output], high[row][output]));
      sums[row][output] +=
          hn::GetLane(hn::SumOfLanes(df, both)) +
          static_cast<float>(dot_plainly(x + row * channels, weight + output * channels, c, end));
    }
  }
}

#endif

template <int kRows, int kOutputs>
HWY_INLINE void dot_tile(const Int16Rows& x, std::int64_t row, const WeightMatrix& weight,
                         std::int64_t first, float* out, std::int64_t out_stride) {
  const auto channels = static_cast<std::size_t>(weight.columns);
  const std::int16_t* values = x.values + row * weight.columns;
  const auto* weights = static_cast<const std::int8_t*>(weight.data) + first * weight.columns;
  float sums[kRows][kOutputs] = {};
  for (std::size_t begin = 0; begin < channels; begin += kBlockChannels) {
    add_block<kRows, kOutputs>(values, weights, channels, begin,
                               std::min(begin + kBlockChannels, channels), sums);
  }
  for (int r = 0; r < kRows; ++r) {
    for (int o = 0; o < kOutputs; ++o) {
      out[(row + r) * out_stride + first + o] =
          sums[r][o] * (x.steps[row + r] * weight.scales[first + o]);
    }
  }
}

template <int kOutputs>
HWY_INLINE void all_rows(const Int16Rows& x, const WeightMatrix& weight, std::int64_t first,
                         float* out, std::int64_t out_stride) {
  std::int64_t row = 0;
  for (; row + kInputRows <= x.count; row += kInputRows) {
    dot_tile<kInputRows, kOutputs>(x, row, weight, first, out, out_stride);
  }
  if (x.count - row == 2) {
    dot_tile<2, kOutputs>(x, row, weight, first, out, out_stride);
  } else if (x.count - row == 1) {
    dot_tile<1, kOutputs>(x, row, weight, first, out, out_stride);
  }
}

void int8_small_gemm_target(const Int16Rows& x, const WeightMatrix& weight, std::int64_t first,
                            std::int64_t count, float* out, std::int64_t out_stride) {
  const std::int64_t end = first + count;
  for (; first + kWeightRows <= end; first += kWeightRows) {
    all_rows<kWeightRows>(x, weight, first, out, out_stride);
  }
  for (; first < end; ++first) all_rows<1>(x, weight, first, out, out_stride);
}

}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blip {
namespace {
HWY_EXPORT(round_to_int16_target);
HWY_EXPORT(int8_small_gemm_target);
}  // namespace

void round_to_int16(const float* x, std::int64_t m, std::int64_t channels, std::int16_t* values,
                    float* steps) {
  HWY_DYNAMIC_DISPATCH(round_to_int16_target)(x, m, channels, values, steps);
}

void int8_small_gemm(const Int16Rows& x, const WeightMatrix& weight, std::int64_t first,
                     std::int64_t count, float* out, std::int64_t out_stride) {
  HWY_DYNAMIC_DISPATCH(int8_small_gemm_target)(x, weight, first, count, out, out_stride);
}

}  // namespace blip
#endif  // HWY_ONCE
