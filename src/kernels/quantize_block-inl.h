// Quantizes a block of channels of a panel (kernels/quantized_panels.hpp). Included once per
// instruction set by the kernels that end in one (Highway's foreach_target pattern).
#if defined(BLIP_KERNELS_QUANTIZE_BLOCK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLIP_KERNELS_QUANTIZE_BLOCK_INL_H_
#undef BLIP_KERNELS_QUANTIZE_BLOCK_INL_H_
#else
#define BLIP_KERNELS_QUANTIZE_BLOCK_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "kernels/panel_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using PanelIntTag = hn::RebindToSigned<PanelTag>;

// Four channels' integers in [0, 255] as the bytes of one.
HWY_INLINE hn::Vec<PanelIntTag> pack_bytes(hn::Vec<PanelIntTag> first, hn::Vec<PanelIntTag> second,
                                           hn::Vec<PanelIntTag> third,
                                           hn::Vec<PanelIntTag> fourth) {
  return hn::Or(hn::Or(first, hn::ShiftLeft<8>(second)),
                hn::Or(hn::ShiftLeft<16>(third), hn::ShiftLeft<24>(fourth)));
}

// x: [channels, 16] → values: [channels / 4, 16, 4], steps: [16], offsets: [16]
HWY_INLINE void quantize_block(const float* x, std::size_t channels, std::uint8_t* values,
                               float* steps, float* offsets) {
  constexpr float kLargest = 255.0F;
  const PanelTag d;
  const PanelIntTag d32;
  for (std::size_t lane = 0; lane < kTokens; lane += kLanes) {
    const float* column = x + lane;
    auto least = hn::Load(d, column);
    auto most = least;
    for (std::size_t c = 1; c < channels; ++c) {
      const auto value = hn::Load(d, column + c * kTokens);
      least = hn::Min(least, value);
      most = hn::Max(most, value);
    }
    const auto range = hn::Sub(most, least);
    // A block of one value has no range: all of it is the offset.
    const auto inverse =
        hn::IfThenZeroElse(hn::Eq(range, hn::Zero(d)), hn::Div(hn::Set(d, kLargest), range));
    hn::Store(hn::Mul(range, hn::Set(d, 1.0F / kLargest)), d, steps + lane);
    hn::Store(least, d, offsets + lane);

    const auto stored = [&](std::size_t c) HWY_ATTR {
      const auto value = hn::Load(d, column + c * kTokens);
      return hn::NearestInt(hn::Mul(hn::Sub(value, least), inverse));
    };
    auto* out = reinterpret_cast<std::int32_t*>(values) + lane;
    for (std::size_t c = 0; c < channels; c += 4) {
      hn::Store(pack_bytes(stored(c), stored(c + 1), stored(c + 2), stored(c + 3)), d32,
                out + c / 4 * kTokens);
    }
  }
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
