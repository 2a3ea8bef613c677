// The register tile of products over token panels. Included once per instruction set by the kernels
// that multiply panels (Highway's foreach_target pattern).
#if defined(BLIP_KERNELS_PANEL_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLIP_KERNELS_PANEL_TILE_INL_H_
#undef BLIP_KERNELS_PANEL_TILE_INL_H_
#else
#define BLIP_KERNELS_PANEL_TILE_INL_H_
#endif

#include <cstddef>

#include "hwy/highway.h"
#include "kernels/layout/panel_vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// A tile is kTileRows weights × kTilePanels panels of sums, which stay in registers with the
// panels' vectors and one weight: 8 × 3 + 3 + 1 of the 32 of AVX-512, 6 × 2 + 2 + 1 of the 16 of
// AVX2.
#if HWY_TARGET <= HWY_AVX3
constexpr std::size_t kTileRows = 8;
constexpr std::size_t kTilePanels = 3;
#elif HWY_TARGET == HWY_AVX2
constexpr std::size_t kTileRows = 6;
constexpr std::size_t kTilePanels = 1;
#elif HWY_ARCH_ARM_A64
constexpr std::size_t kTileRows = 6;
constexpr std::size_t kTilePanels = 1;
#else
constexpr std::size_t kTileRows = 2;
constexpr std::size_t kTilePanels = 1;
#endif

// How much of each panel a tile computes: all tokens, or the first eight alone.
template <std::size_t kTokensOfTile>
struct PanelPart {
  using Tag = hn::CappedTag<float, kTokensOfTile>;
  static constexpr std::size_t kLanes = hn::MaxLanes(Tag());
  static constexpr std::size_t kVectors = kTokensOfTile / kLanes;
};
using WholePanel = PanelPart<kTokens>;
using HalfPanel = PanelPart<kTokens / 2>;

template <std::size_t kRows, std::size_t kPanels, class Part = WholePanel>
using TileSums = hn::Vec<typename Part::Tag>[kRows][kPanels * Part::kVectors];

// What a tile multiplies: row r of the weights has term t at weights[r * row_step + t * term_step],
// panel p has its sixteen tokens of term t at x[p * panel_step + t * 16].
struct TileOperands {
  const float* weights;
  std::size_t row_step;
  std::size_t term_step;
  const float* x;
  std::size_t panel_step;
};

// sums[r][p] += Σ weights[r][t] · x[p][t] over `terms`
template <std::size_t kRows, std::size_t kPanels, class Part = WholePanel>
HWY_INLINE void add_terms(TileSums<kRows, kPanels, Part>& sums, const TileOperands& operands,
                          std::size_t terms) {
  const typename Part::Tag d;
  for (std::size_t t = 0; t < terms; ++t) {
    hn::Vec<typename Part::Tag> tokens[kPanels * Part::kVectors];
    for (std::size_t p = 0; p < kPanels; ++p) {
      for (std::size_t v = 0; v < Part::kVectors; ++v) {
        tokens[p * Part::kVectors + v] =
            hn::Load(d, operands.x + p * operands.panel_step + t * kTokens + v * Part::kLanes);
      }
    }
    for (std::size_t r = 0; r < kRows; ++r) {
      const auto weight =
          hn::Set(d, operands.weights[r * operands.row_step + t * operands.term_step]);
      for (std::size_t v = 0; v < kPanels * Part::kVectors; ++v) {
        sums[r][v] = hn::MulAdd(weight, tokens[v], sums[r][v]);
      }
    }
  }
}

// Calls across(rows, first_row), the count as std::integral_constant so that it can size a tile,
// over [0, rows).
template <class Across>
HWY_INLINE void for_each_row_tile(std::size_t rows, const Across& across) {
  std::size_t row = 0;
  for (; row + kTileRows <= rows; row += kTileRows) {
    across(std::integral_constant<std::size_t, kTileRows>(), row);
  }
  for (; row + 2 <= rows; row += 2) across(std::integral_constant<std::size_t, 2>(), row);
  if (row < rows) across(std::integral_constant<std::size_t, 1>(), row);
}

// Calls tile(panels, first_panel), the count as above, over [first, end).
template <class Tile>
HWY_INLINE void for_each_panel_tile(std::size_t first, std::size_t end, const Tile& tile) {
  std::size_t panel = first;
  for (; panel + kTilePanels <= end; panel += kTilePanels) {
    tile(std::integral_constant<std::size_t, kTilePanels>(), panel);
  }
  for (; panel < end; ++panel) tile(std::integral_constant<std::size_t, 1>(), panel);
}

// Calls tile(rows, panels, first_row, first_panel) over [0, rows) × [0, panels): whole tiles, then
// what is left. Rows go outermost: the panels of a block are what stays in cache.
template <class Tile>
HWY_INLINE void for_each_tile(std::size_t rows, std::size_t panels, const Tile& tile) {
  for_each_row_tile(rows, [&](auto tile_rows, std::size_t row) HWY_ATTR {
    for_each_panel_tile(0, panels, [&](auto tile_panels, std::size_t panel) HWY_ATTR {
      tile(tile_rows, tile_panels, row, panel);
    });
  });
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
