#include "kernels/layout/convert.hpp"

#include <bit>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/layout/convert.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway requires.
#include "hwy/highway.h"
#include "kernels/layout/load_weights-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {

template <typename T>
void convert_all(const T* source, std::size_t count, float* out) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(load_weights(d, source + i), d, out + i);
  for (; i < count; ++i) out[i] = load_weight(source + i);
}

void convert_to_f32_target(const void* source, WeightFormat format, std::size_t count, float* out) {
  switch (format) {
    case WeightFormat::f32:
      std::memcpy(out, source, count * sizeof(float));
      break;
    case WeightFormat::f16:
      convert_all(static_cast<const Float16*>(source), count, out);
      break;
    case WeightFormat::bf16:
      convert_all(static_cast<const BFloat16*>(source), count, out);
      break;
    case WeightFormat::i8:
      convert_all(static_cast<const std::int8_t*>(source), count, out);
      break;
  }
}

// source: [count] → out: as many of its first as whole vectors hold; how many those are. None where
// float16 is not rounded by the processor, which rounds to nearest even as torch does.
std::size_t vectors_to_f16([[maybe_unused]] const float* source, [[maybe_unused]] std::size_t count,
                           [[maybe_unused]] std::uint16_t* out) {
  std::size_t i = 0;
#if HWY_TARGET <= HWY_AVX2 && HWY_ARCH_X86
  const hn::ScalableTag<float> d;
  const hn::Rebind<hwy::float16_t, decltype(d)> df16;
  const hn::Rebind<std::uint16_t, decltype(d)> d16;
  const std::size_t lanes = hn::Lanes(d);
  for (; i + lanes <= count; i += lanes) {
    const auto values = hn::LoadU(d, source + i);
    if (!hn::AllFalse(d, hn::IsNaN(values))) break;  // whose bits would be others
    hn::StoreU(hn::BitCast(d16, hn::DemoteTo(df16, values)), d16, out + i);
  }
#endif
  return i;
}

}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blip {
namespace {
HWY_EXPORT(convert_to_f32_target);
HWY_EXPORT(vectors_to_f16);

// Round to nearest even; NaN stays NaN (quiet), overflow becomes infinity.
std::uint16_t to_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7fffffffU) > 0x7f800000U) return static_cast<std::uint16_t>((bits >> 16) | 0x40U);
  return static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
}

std::uint16_t to_f16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>((bits >> 16) & 0x8000U);
  const std::uint32_t magnitude = bits & 0x7fffffffU;
  if (magnitude > 0x7f800000U) return static_cast<std::uint16_t>(sign | 0x7e00U);
  // 65520 is the first value that rounds to infinity.
  if (magnitude >= 0x477ff000U) return static_cast<std::uint16_t>(sign | 0x7c00U);
  if (magnitude < 0x38800000U) {
    // Subnormal in f16: adding 0.5 puts the unit of the last place where f16 has it (2^-24) and
    // lets the addition do the rounding.
    const float shifted = std::bit_cast<float>(magnitude) + 0.5F;
    return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(shifted) - 0x3f000000U));
  }
  const std::uint32_t rebased = magnitude - 0x38000000U;  // exponent bias 127 → 15
  return static_cast<std::uint16_t>(sign | ((rebased + 0xfffU + ((rebased >> 13) & 1U)) >> 13));
}

}  // namespace

void convert_to_f32(const void* source, WeightFormat format, std::size_t count, float* out) {
  HWY_DYNAMIC_DISPATCH(convert_to_f32_target)(source, format, count, out);
}

void convert_from_f32(const float* source, std::size_t count, WeightFormat format,
                      std::uint16_t* out) {
  if (format == WeightFormat::bf16) {
    for (std::size_t i = 0; i < count; ++i) out[i] = to_bf16(source[i]);
    return;
  }
  const std::size_t done = HWY_DYNAMIC_DISPATCH(vectors_to_f16)(source, count, out);
  for (std::size_t i = done; i < count; ++i) out[i] = to_f16(source[i]);
}

void convert_part_to_f32(const WeightMatrix& matrix, std::int64_t row, std::int64_t begin,
                         std::int64_t count, float* out) {
  const auto place = static_cast<std::size_t>(row * matrix.columns + begin);
  convert_to_f32(
      static_cast<const std::byte*>(matrix.data) + place * bytes_per_weight(matrix.format),
      matrix.format, static_cast<std::size_t>(count), out);
  if (matrix.format != WeightFormat::i8) return;
  for (std::int64_t i = 0; i < count; ++i) out[i] *= matrix.scales[row];
}

void convert_rows_to_f32(const WeightMatrix& matrix, std::int64_t first, std::int64_t count,
                         float* out) {
  for (std::int64_t row = first; row < first + count; ++row, out += matrix.columns) {
    convert_part_to_f32(matrix, row, 0, matrix.columns, out);
  }
}

}  // namespace blip
#endif  // HWY_ONCE
