#include "kernels/amx/split_panels.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/amx/split_panels.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway requires.
#include "hwy/highway.h"
#include "kernels/layout/panel_vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {

// Cuts the first 8 significant bits off `rest` → them, as a float32 whose lower half is zero. What
// is left is exact.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V cut_part(D d, V& rest) {
  const hn::RebindToUnsigned<D> du;
  const V part = hn::BitCast(d, hn::And(hn::BitCast(du, rest), hn::Set(du, 0xffff0000U)));
  rest = hn::Sub(rest, part);
  return part;
}

void split_panel(const float* x, std::size_t channels, std::uint16_t* out) {
  const PanelTag d;
  const hn::RebindToUnsigned<PanelTag> du;
  constexpr std::size_t kPairs = kSplitChannels / 2;
  constexpr std::size_t kTilePairs = kSplitTile / 2;
  auto* pairs = reinterpret_cast<std::uint32_t*>(out);
  for (std::size_t pair = 0; pair < channels / 2; ++pair) {
    std::uint32_t* tile = pairs + pair / kPairs * kSplitParts * kTilePairs;
    for (std::size_t lane = 0; lane < kTokens; lane += kLanes) {
      auto first = hn::Load(d, x + 2 * pair * kTokens + lane);
      auto second = hn::Load(d, x + (2 * pair + 1) * kTokens + lane);
      for (std::size_t part = 0; part < kSplitParts; ++part) {
        const auto low = hn::ShiftRight<16>(hn::BitCast(du, cut_part(d, first)));
        const auto high = hn::BitCast(du, cut_part(d, second));
        hn::Store(hn::Or(low, high), du, tile + part * kTilePairs + pair % kPairs * kTokens + lane);
      }
    }
  }
}

// The upper halves of the numbers of `first`, then of `second` → out. One permutation where a
// vector can be gathered from two: with a shift, a saturation and a permutation for each of them a
// CLIP B/32 takes 7 % longer for one photo, whose weights are split for 50 tokens.
template <class D, class V>
HWY_INLINE void store_upper_halves(D /*d*/, V first, V second, std::uint16_t* out) {
#if HWY_TARGET == HWY_SCALAR
  const hn::RebindToUnsigned<D> du;
  out[0] = static_cast<std::uint16_t>(hn::GetLane(hn::BitCast(du, first)) >> 16);
  out[1] = static_cast<std::uint16_t>(hn::GetLane(hn::BitCast(du, second)) >> 16);
#else
  const hn::Repartition<std::uint16_t, D> d16;
  hn::StoreU(hn::ConcatOdd(d16, hn::BitCast(d16, second), hn::BitCast(d16, first)), d16, out);
#endif
}

void split_row_target(const float* values, std::size_t count, std::uint16_t* out) {
  const hn::CappedTag<float, static_cast<std::size_t>(kSplitChannels) / 2> d;
  constexpr std::size_t kChannels = kSplitChannels;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t c = 0; c < count; c += 2 * lanes) {
    auto first = hn::LoadU(d, values + c);
    auto second = hn::LoadU(d, values + c + lanes);
    std::uint16_t* tile = out + c / kChannels * kSplitParts * kSplitTile + c % kChannels;
    for (std::size_t part = 0; part < kSplitParts; ++part) {
      const auto lower = cut_part(d, first);
      store_upper_halves(d, lower, cut_part(d, second), tile + part * kSplitTile);
    }
  }
}

}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blip {
namespace {
HWY_EXPORT(split_panel);
HWY_EXPORT(split_row_target);
}  // namespace

void split_panels(const float* x, std::int64_t x_step, std::int64_t panels, std::int64_t channels,
                  std::uint16_t* out, ThreadPool& threads) {
  threads.parallel_for(static_cast<std::size_t>(panels), [&](std::size_t index, int) {
    const auto panel = static_cast<std::int64_t>(index);
    HWY_DYNAMIC_DISPATCH(split_panel)
    (x + panel * x_step, static_cast<std::size_t>(channels), out + split_size(panel, channels));
  });
}

void split_row(const float* values, std::size_t count, std::uint16_t* out) {
  HWY_DYNAMIC_DISPATCH(split_row_target)(values, count, out);
}

}  // namespace blip
#endif  // HWY_ONCE
