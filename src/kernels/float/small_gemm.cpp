#include "kernels/float/small_gemm.hpp"

#include <algorithm>
#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/float/small_gemm.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway requires.
#include "hwy/highway.h"
#include "kernels/layout/load_weights-inl.h"
#include "kernels/layout/prefetch.hpp"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {

// A tile is kWeightRows × up to kInputRows dot products. 4 × 3 accumulators, 3 inputs and a weight
// fill the 16 registers of AVX2; four weight rows are four streams for the prefetcher, and with one
// input row the four independent sums cover the latency of a fused multiply-add.
constexpr int kWeightRows = 4;
constexpr int kInputRows = 3;
// AVX-512 has 32 registers: where there are rows enough, twice as many share a weight.
constexpr int kManyInputRows = HWY_TARGET <= HWY_AVX3 ? 2 * kInputRows : kInputRows;

// x: [kRows, C] with stride C, weight: [kOutputs, C] → out[row * out_stride + output]
template <int kRows, int kOutputs, typename T>
HWY_INLINE void dot_tile(const float* HWY_RESTRICT x, const T* HWY_RESTRICT weight,
                         std::size_t channels, float* HWY_RESTRICT out, std::size_t out_stride) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  hn::Vec<decltype(d)> sums[kRows][kOutputs];
  for (int row = 0; row < kRows; ++row) {
    for (int output = 0; output < kOutputs; ++output) sums[row][output] = hn::Zero(d);
  }
  std::size_t c = 0;
  for (; c + lanes <= channels; c += lanes) {
    hn::Vec<decltype(d)> inputs[kRows];
    for (int row = 0; row < kRows; ++row) inputs[row] = hn::LoadU(d, x + row * channels + c);
    for (int output = 0; output < kOutputs; ++output) {
      const T* place = weight + output * channels + c;
      // The same place of the rows that come after the next: reading ahead across the ends of short
      // rows is more than the hardware does alone.
      prefetch_to_second_level(place + 2 * kOutputs * channels);
      const auto weights = load_weights(d, place);
      for (int row = 0; row < kRows; ++row) {
        sums[row][output] = hn::MulAdd(inputs[row], weights, sums[row][output]);
      }
    }
  }
  for (int row = 0; row < kRows; ++row) {
    for (int output = 0; output < kOutputs; ++output) {
      float sum = hn::GetLane(hn::SumOfLanes(d, sums[row][output]));
      for (std::size_t tail = c; tail < channels; ++tail) {
        sum += x[row * channels + tail] * load_weight(weight + output * channels + tail);
      }
      out[row * out_stride + output] = sum;
    }
  }
}

template <int kOutputs, typename T>
HWY_INLINE void all_rows(const float* x, std::size_t m, const T* weight, std::size_t channels,
                         float* out, std::size_t out_stride) {
  std::size_t row = 0;
  for (; row + kManyInputRows <= m; row += kManyInputRows) {
    dot_tile<kManyInputRows, kOutputs>(x + row * channels, weight, channels, out + row * out_stride,
                                       out_stride);
  }
  for (; row + kInputRows <= m; row += kInputRows) {
    dot_tile<kInputRows, kOutputs>(x + row * channels, weight, channels, out + row * out_stride,
                                   out_stride);
  }
  if (m - row == 2) {
    dot_tile<2, kOutputs>(x + row * channels, weight, channels, out + row * out_stride, out_stride);
  } else if (m - row == 1) {
    dot_tile<1, kOutputs>(x + row * channels, weight, channels, out + row * out_stride, out_stride);
  }
}

template <typename T>
void all_outputs(const float* x, std::size_t m, const T* weight, std::size_t channels,
                 std::size_t count, float* out, std::size_t out_stride) {
  std::size_t output = 0;
  for (; output + kWeightRows <= count; output += kWeightRows) {
    all_rows<kWeightRows>(x, m, weight + output * channels, channels, out + output, out_stride);
  }
  for (; output < count; ++output) {
    all_rows<1>(x, m, weight + output * channels, channels, out + output, out_stride);
  }
}

void small_gemm_target(const float* x, std::int64_t m, const WeightMatrix& weight,
                       std::int64_t first, std::int64_t count, float* out,
                       std::int64_t out_stride) {
  const auto rows = static_cast<std::size_t>(m);
  const auto channels = static_cast<std::size_t>(weight.columns);
  const auto outputs = static_cast<std::size_t>(count);
  const auto offset = static_cast<std::size_t>(first) * channels;
  const auto stride = static_cast<std::size_t>(out_stride);
  float* start = out + first;
  switch (weight.format) {
    case WeightFormat::f32:
      all_outputs(x, rows, static_cast<const float*>(weight.data) + offset, channels, outputs,
                  start, stride);
      break;
    case WeightFormat::f16:
      all_outputs(x, rows, static_cast<const Float16*>(weight.data) + offset, channels, outputs,
                  start, stride);
      break;
    case WeightFormat::bf16:
      all_outputs(x, rows, static_cast<const BFloat16*>(weight.data) + offset, channels, outputs,
                  start, stride);
      break;
    case WeightFormat::i8:  // int8_small_gemm's
      break;
  }
}

}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blip {
namespace {
HWY_EXPORT(small_gemm_target);
}

void small_gemm(const float* x, std::int64_t m, const WeightMatrix& weight, std::int64_t first,
                std::int64_t count, float* out, std::int64_t out_stride) {
  HWY_DYNAMIC_DISPATCH(small_gemm_target)(x, m, weight, first, count, out, out_stride);
}

}  // namespace blip
#endif  // HWY_ONCE
