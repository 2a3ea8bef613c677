#include "kernels/amx/split_multiply_amx.hpp"

#if defined(__x86_64__)

#include <immintrin.h>

#include "kernels/x86_extensions.hpp"

namespace blip {
namespace {

constexpr std::size_t kTokens = 16;
constexpr std::size_t kTileRowBytes = 64;
constexpr std::size_t kTileSums = 16 * kTokens;

// What two tiles of 16 rows meet one or two panels with, at the same channels.
struct Operands {
  const std::uint16_t* upper;
  const std::uint16_t* lower;
  const std::uint16_t* x;
  const std::uint16_t* next_x;
};

// Tiles 0 and 1 += the upper rows' products with the panels, 2 and 3 the lower ones'; the weights'
// part is in tiles 4 and 5 already.
template <bool kTwoPanels>
[[gnu::target("amx-tile,amx-bf16"), gnu::always_inline]] inline void multiply_part(
    const Operands& operands, std::size_t x_part) {
  _tile_loadd(6, operands.x + x_part * kSplitTile, kTileRowBytes);
  _tile_dpbf16ps(0, 4, 6);
  _tile_dpbf16ps(2, 5, 6);
  if (kTwoPanels) {
    _tile_loadd(7, operands.next_x + x_part * kSplitTile, kTileRowBytes);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(3, 5, 7);
  }
}

[[gnu::target("amx-tile,amx-bf16"), gnu::always_inline]] inline void load_weights(
    const Operands& operands, std::size_t part) {
  _tile_loadd(4, operands.upper + part * kSplitTile, kTileRowBytes);
  _tile_loadd(5, operands.lower + part * kSplitTile, kTileRowBytes);
}

// The six largest products of parts, the smallest of them first.
template <bool kTwoPanels, std::size_t kWeightParts>
[[gnu::target("amx-tile,amx-bf16"), gnu::always_inline]] inline void multiply_tiles(
    const Operands& operands) {
  if (kWeightParts > 2) {
    load_weights(operands, 2);
    multiply_part<kTwoPanels>(operands, 0);
  }
  if (kWeightParts > 1) {
    load_weights(operands, 1);
    multiply_part<kTwoPanels>(operands, 1);
    multiply_part<kTwoPanels>(operands, 0);
  }
  load_weights(operands, 0);
  multiply_part<kTwoPanels>(operands, 2);
  multiply_part<kTwoPanels>(operands, 1);
  multiply_part<kTwoPanels>(operands, 0);
}

template <bool kTwoPanels, std::size_t kWeightParts>
[[gnu::target("amx-tile,amx-bf16"), gnu::always_inline]] inline void multiply_rows(
    const SplitProduct& product, std::size_t panel) {
  constexpr std::size_t kStep = kSplitParts * kSplitTile;
  const std::uint16_t* x = product.x + panel * product.x_step;
  float* sums = product.sums + panel * product.rows * kTokens;
  for (std::size_t row = 0; row < product.rows; row += kSplitRows) {
    const std::uint16_t* upper = product.weights + row / 16 * product.weight_step;
    const std::uint16_t* lower = upper + product.weight_step;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    const std::size_t steps = product.channels / kSplitChannels;
    for (std::size_t step = 0; step < steps; ++step) {
      const std::size_t place = step * kStep;
      multiply_tiles<kTwoPanels, kWeightParts>(
          {upper + place, lower + place, x + place, x + product.x_step + place});
    }
    float* out = sums + row * kTokens;
    _tile_stored(0, out, kTileRowBytes);
    _tile_stored(2, out + kTileSums, kTileRowBytes);
    if (kTwoPanels) {
      _tile_stored(1, out + product.rows * kTokens, kTileRowBytes);
      _tile_stored(3, out + product.rows * kTokens + kTileSums, kTileRowBytes);
    }
  }
}

template <std::size_t kWeightParts>
[[gnu::target("amx-tile,amx-bf16"), gnu::always_inline]] inline void multiply_panels(
    const SplitProduct& product) {
  std::size_t panel = 0;
  for (; panel + 2 <= product.panels; panel += 2) {
    multiply_rows<true, kWeightParts>(product, panel);
  }
  if (panel < product.panels) multiply_rows<false, kWeightParts>(product, panel);
}

}  // namespace

[[gnu::target("amx-tile,amx-bf16")]] void split_multiply_amx(const SplitProduct& product) {
  static constexpr AmxTileConfig kConfig;
  _tile_loadconfig(&kConfig);
  if (product.weight_parts == 1) {
    multiply_panels<1>(product);
  } else if (product.weight_parts == 2) {
    multiply_panels<2>(product);
  } else {
    multiply_panels<3>(product);
  }
  _tile_release();
}

}  // namespace blip

#else

namespace blip {

void split_multiply_amx(const SplitProduct& /*product*/) {}

}  // namespace blip

#endif
