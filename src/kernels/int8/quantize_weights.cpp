#include "kernels/int8/quantize_weights.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/int8/quantize_weights.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway requires.
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr float kLargest = 127.0F;

// The largest |value|; an infinity or a NaN if there is one. As integers, because the order of the
// bits of positive floats is that of their values, with NaN at the end.
float largest_magnitude(const float* values, std::size_t count) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> bits;
  const std::size_t lanes = hn::Lanes(d);
  auto largest = hn::Zero(bits);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    largest = hn::Max(largest, hn::BitCast(bits, hn::Abs(hn::LoadU(d, values + i))));
  }
  std::int32_t most = hn::GetLane(hn::MaxOfLanes(bits, largest));
  for (; i < count; ++i) most = std::max(most, std::bit_cast<std::int32_t>(std::fabs(values[i])));
  return std::bit_cast<float>(most);
}

void divide_and_round(const float* values, std::size_t count, float scale, std::int8_t* out) {
  const hn::ScalableTag<float> d;
  const hn::Rebind<std::int8_t, decltype(d)> d8;
  const std::size_t lanes = hn::Lanes(d);
  const auto divisor = hn::Set(d, scale);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    // A division, not a product with 1 / scale: the rounding is that of the definition. |w| / scale
    // is below 127.5, since scale is normal and so within half a unit of max|w| / 127.
    const auto rounded = hn::NearestInt(hn::Div(hn::LoadU(d, values + i), divisor));
    hn::StoreU(hn::DemoteTo(d8, rounded), d8, out + i);
  }
  for (; i < count; ++i) out[i] = static_cast<std::int8_t>(std::nearbyint(values[i] / scale));
}

void quantize_rows_target(const float* source, std::int64_t rows, std::int64_t columns,
                          std::int8_t* out, float* scales) {
  const auto count = static_cast<std::size_t>(columns);
  for (std::int64_t row = 0; row < rows; ++row, source += columns, out += columns) {
    const float scale = largest_magnitude(source, count) / kLargest;
    if (scale >= std::numeric_limits<float>::min() && std::isfinite(scale)) {
      divide_and_round(source, count, scale, out);
      scales[row] = scale;
    } else {
      std::fill_n(out, count, std::int8_t{0});
      scales[row] = std::isfinite(scale) ? 0.0F : std::numeric_limits<float>::quiet_NaN();
    }
  }
}

float sum_of(const std::int8_t* values, std::size_t count) {
  const hn::ScalableTag<std::int32_t> d;
  const hn::Rebind<std::int8_t, decltype(d)> d8;
  const std::size_t lanes = hn::Lanes(d);
  auto sums = hn::Zero(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    sums = hn::Add(sums, hn::PromoteTo(d, hn::LoadU(d8, values + i)));
  }
  std::int32_t sum = hn::GetLane(hn::SumOfLanes(d, sums));
  for (; i < count; ++i) sum += values[i];
  return static_cast<float>(sum);
}

void row_sums_target(const std::int8_t* values, std::int64_t rows, std::int64_t columns,
                     std::int64_t block, float* out) {
  for (std::int64_t row = 0; row < rows; ++row, values += columns) {
    for (std::int64_t first = 0; first < columns; first += block) {
      out[first / block * rows + row] =
          sum_of(values + first, static_cast<std::size_t>(std::min(block, columns - first)));
    }
  }
}

}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blip {
namespace {
HWY_EXPORT(quantize_rows_target);
HWY_EXPORT(row_sums_target);
}  // namespace

void quantize_rows(const float* source, std::int64_t rows, std::int64_t columns, std::int8_t* out,
                   float* scales) {
  HWY_DYNAMIC_DISPATCH(quantize_rows_target)(source, rows, columns, out, scales);
}

void row_sums(const std::int8_t* values, std::int64_t rows, std::int64_t columns,
              std::int64_t block, float* out) {
  HWY_DYNAMIC_DISPATCH(row_sums_target)(values, rows, columns, block, out);
}

}  // namespace blip
#endif  // HWY_ONCE
