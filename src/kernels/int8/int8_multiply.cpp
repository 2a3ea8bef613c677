#include "kernels/int8/int8_multiply.hpp"

#include "kernels/int8/int8_multiply_x86.hpp"
#include "kernels/layout/panels.hpp"
#include "kernels/x86_extensions.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/int8/int8_multiply.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway requires.
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using SumTag = hn::CappedTag<std::int32_t, static_cast<std::size_t>(kPanelTokens)>;
using SumVector = hn::Vec<SumTag>;

constexpr std::size_t kTokens = static_cast<std::size_t>(kPanelTokens);
constexpr std::size_t kLanes = hn::MaxLanes(SumTag());
constexpr std::size_t kVectors = kTokens / kLanes;  // that make a panel
// 4 × 2 sums, the panel's vectors twice (below) and two weights fill the 16 registers of AVX2.
constexpr std::size_t kTileRows = 4;

// A lane has four channels of a token, and a weight's lanes four of its own. The even ones and the
// odd ones become 16-bit numbers, whose products are exact in 32 bits.
struct ChannelPairs {
  SumVector even;
  SumVector odd;
};

HWY_INLINE ChannelPairs pairs_of_tokens(SumVector tokens) {
  const SumTag d;
  const auto low_bytes = hn::Set(d, 0x00ff00ff);
  return {hn::And(tokens, low_bytes), hn::And(hn::ShiftRight<8>(tokens), low_bytes)};
}

HWY_INLINE std::int32_t pair_of(std::int8_t low, std::int8_t high) {
  const auto low_bits = static_cast<std::uint32_t>(static_cast<std::uint16_t>(low));
  const auto high_bits = static_cast<std::uint32_t>(static_cast<std::uint16_t>(high));
  return static_cast<std::int32_t>(low_bits | high_bits << 16U);
}

HWY_INLINE ChannelPairs pairs_of_weights(const std::int8_t* weights) {
  const SumTag d;
  return {hn::Set(d, pair_of(weights[0], weights[2])), hn::Set(d, pair_of(weights[1], weights[3]))};
}

// sum + a's two 16-bit numbers of a lane times b's
HWY_INLINE SumVector add_products(SumVector a, SumVector b, SumVector sum) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
  // One instruction there, and pairs stay in their lane.
  const SumTag d;
  const hn::Repartition<std::int16_t, SumTag> d16;
  SumVector unused = hn::Zero(d);
  return hn::ReorderWidenMulAccumulate(d, hn::BitCast(d16, a), hn::BitCast(d16, b), sum, unused);
#else
  const auto low = [](SumVector pair)
                       HWY_ATTR { return hn::ShiftRight<16>(hn::ShiftLeft<16>(pair)); };
  const auto high = [](SumVector pair) HWY_ATTR { return hn::ShiftRight<16>(pair); };
  return hn::Add(sum, hn::Add(hn::Mul(low(a), low(b)), hn::Mul(high(a), high(b))));
#endif
}

template <std::size_t kRows>
HWY_INLINE void portable_tile(const Int8Product& product, std::size_t row, std::size_t panel) {
  const SumTag d;
  SumVector sums[kRows][kVectors];
  for (auto& of_row : sums) {
    for (auto& sum : of_row) sum = hn::Zero(d);
  }
  const std::int8_t* weights = product.weights + row * product.weight_step;
  const auto* x = reinterpret_cast<const std::int32_t*>(product.x + panel * product.x_step);
  for (std::size_t c = 0; c < product.channels; c += 4) {
    ChannelPairs tokens[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) {
      tokens[v] = pairs_of_tokens(hn::Load(d, x + c / 4 * kTokens + v * kLanes));
    }
    for (std::size_t r = 0; r < kRows; ++r) {
      const ChannelPairs weight = pairs_of_weights(weights + r * product.weight_step + c);
      for (std::size_t v = 0; v < kVectors; ++v) {
        sums[r][v] = add_products(tokens[v].even, weight.even, sums[r][v]);
        sums[r][v] = add_products(tokens[v].odd, weight.odd, sums[r][v]);
      }
    }
  }
  std::int32_t* out = product.sums + (panel * product.rows + row) * kTokens;
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      hn::Store(sums[r][v], d, out + r * kTokens + v * kLanes);
    }
  }
}

void int8_multiply_portable(const Int8Product& product) {
  std::size_t row = 0;
  for (; row + kTileRows <= product.rows; row += kTileRows) {
    for (std::size_t panel = 0; panel < product.panels; ++panel) {
      portable_tile<kTileRows>(product, row, panel);
    }
  }
  for (; row < product.rows; ++row) {
    for (std::size_t panel = 0; panel < product.panels; ++panel) {
      portable_tile<1>(product, row, panel);
    }
  }
}

}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blip {
namespace {
HWY_EXPORT(int8_multiply_portable);

constexpr std::size_t kAmxChannels = 64;

}  // namespace

void int8_multiply(const Int8Product& product) {
  const X86Extension best = best_x86_extension();
  if (best == X86Extension::amx && product.channels % kAmxChannels == 0) {
    int8_multiply_amx(product);
  } else if (best != X86Extension::none) {
    int8_multiply_vnni(product);
  } else {
    HWY_DYNAMIC_DISPATCH(int8_multiply_portable)(product);
  }
}

}  // namespace blip
#endif  // HWY_ONCE
