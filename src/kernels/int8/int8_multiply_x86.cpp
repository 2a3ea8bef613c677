#include "kernels/int8/int8_multiply_x86.hpp"

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstring>

#include "kernels/x86_extensions.hpp"

namespace blip {
namespace {

constexpr std::size_t kTokens = 16;
constexpr std::size_t kBytesPerStep = 4 * kTokens;  // four channels of sixteen tokens

// A tile of sums that fills the registers: 8 × 3 + 3 panels' vectors + a weight of the 32.
constexpr std::size_t kVnniRows = 8;
constexpr std::size_t kVnniPanels = 3;

// Bytes that come from memory together.
constexpr std::size_t kLine = 64;

template <std::size_t kRows, std::size_t kPanels>
[[gnu::target("avx512f,avx512bw,avx512vl,avx512vnni"), gnu::always_inline]] inline void vnni_tile(
    const Int8Product& product, std::size_t row, std::size_t panel) {
  __m512i sums[kRows][kPanels];
  for (auto& of_row : sums) {
    for (auto& sum : of_row) sum = _mm512_setzero_si512();
  }
  const std::int8_t* weights = product.weights + row * product.weight_step;
  const std::uint8_t* x = product.x + panel * product.x_step;
  for (std::size_t c = 0; c < product.channels; c += 4) {
    // The next rows. The processor does not foresee them, as each is short. Behind the last row
    // there may be nothing to read, and nothing is.
    if (c % kLine == 0) {
      for (std::size_t r = 0; r < kRows; ++r) {
        _mm_prefetch(weights + (kRows + r) * product.weight_step + c, _MM_HINT_T0);
      }
    }
    __m512i tokens[kPanels];
    for (std::size_t p = 0; p < kPanels; ++p) {
      tokens[p] = _mm512_load_si512(x + p * product.x_step + c * kTokens);
    }
    for (std::size_t r = 0; r < kRows; ++r) {
      std::int32_t four = 0;
      std::memcpy(&four, weights + r * product.weight_step + c, sizeof(four));
      const __m512i weight = _mm512_set1_epi32(four);
      for (std::size_t p = 0; p < kPanels; ++p) {
        sums[r][p] = _mm512_dpbusd_epi32(sums[r][p], tokens[p], weight);
      }
    }
  }
  for (std::size_t p = 0; p < kPanels; ++p) {
    std::int32_t* out = product.sums + ((panel + p) * product.rows + row) * kTokens;
    for (std::size_t r = 0; r < kRows; ++r) _mm512_store_si512(out + r * kTokens, sums[r][p]);
  }
}

template <std::size_t kRows>
[[gnu::target("avx512f,avx512bw,avx512vl,avx512vnni"), gnu::always_inline]] inline void vnni_rows(
    const Int8Product& product, std::size_t row) {
  std::size_t panel = 0;
  for (; panel + kVnniPanels <= product.panels; panel += kVnniPanels) {
    vnni_tile<kRows, kVnniPanels>(product, row, panel);
  }
  for (; panel < product.panels; ++panel) vnni_tile<kRows, 1>(product, row, panel);
}

// Tile registers: four of sums, two of weights, two of tokens.
constexpr std::size_t kTileRows = 16;
constexpr std::size_t kTileChannels = 64;

// 32 rows × 2 panels: each tile that is loaded is multiplied twice. The panels stay in first-level
// cache for the rows that follow, the weights are asked to pass through it.
[[gnu::target("amx-tile,amx-int8"), gnu::always_inline]] inline void amx_pair(
    const std::int8_t* weights, std::size_t weight_step, const std::uint8_t* x, std::size_t x_step,
    std::size_t channels, std::int32_t* sums, std::size_t panel_sums) {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  const std::int8_t* lower = weights + kTileRows * weight_step;
  for (std::size_t c = 0; c < channels; c += kTileChannels) {
    _tile_stream_loadd(4, weights + c, weight_step);
    _tile_loadd(6, x + c * kTokens, kBytesPerStep);
    _tile_dpbsud(0, 4, 6);
    _tile_loadd(7, x + x_step + c * kTokens, kBytesPerStep);
    _tile_dpbsud(1, 4, 7);
    _tile_stream_loadd(5, lower + c, weight_step);
    _tile_dpbsud(2, 5, 6);
    _tile_dpbsud(3, 5, 7);
  }
  constexpr std::size_t kRowBytes = kTokens * sizeof(std::int32_t);
  _tile_stored(0, sums, kRowBytes);
  _tile_stored(1, sums + panel_sums, kRowBytes);
  _tile_stored(2, sums + kTileRows * kTokens, kRowBytes);
  _tile_stored(3, sums + panel_sums + kTileRows * kTokens, kRowBytes);
}

// 64 rows × 1 panel: the last panel of an odd number.
[[gnu::target("amx-tile,amx-int8"), gnu::always_inline]] inline void amx_column(
    const std::int8_t* weights, std::size_t weight_step, const std::uint8_t* x,
    std::size_t channels, std::int32_t* sums) {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  const std::size_t tile_step = kTileRows * weight_step;
  for (std::size_t c = 0; c < channels; c += kTileChannels) {
    _tile_loadd(6, x + c * kTokens, kBytesPerStep);
    _tile_loadd(4, weights + c, weight_step);
    _tile_dpbsud(0, 4, 6);
    _tile_loadd(5, weights + tile_step + c, weight_step);
    _tile_dpbsud(1, 5, 6);
    _tile_loadd(4, weights + 2 * tile_step + c, weight_step);
    _tile_dpbsud(2, 4, 6);
    _tile_loadd(5, weights + 3 * tile_step + c, weight_step);
    _tile_dpbsud(3, 5, 6);
  }
  constexpr std::size_t kRowBytes = kTokens * sizeof(std::int32_t);
  _tile_stored(0, sums, kRowBytes);
  _tile_stored(1, sums + kTileRows * kTokens, kRowBytes);
  _tile_stored(2, sums + 2 * kTileRows * kTokens, kRowBytes);
  _tile_stored(3, sums + 3 * kTileRows * kTokens, kRowBytes);
}

// 16 rows × 1 panel: what the others leave over.
[[gnu::target("amx-tile,amx-int8"), gnu::always_inline]] inline void amx_single(
    const std::int8_t* weights, std::size_t weight_step, const std::uint8_t* x,
    std::size_t channels, std::int32_t* sums) {
  _tile_zero(0);
  for (std::size_t c = 0; c < channels; c += kTileChannels) {
    _tile_loadd(4, weights + c, weight_step);
    _tile_loadd(6, x + c * kTokens, kBytesPerStep);
    _tile_dpbsud(0, 4, 6);
  }
  _tile_stored(0, sums, kTokens * sizeof(std::int32_t));
}

}  // namespace

[[gnu::target("avx512f,avx512bw,avx512vl,avx512vnni")]] void int8_multiply_vnni(
    const Int8Product& product) {
  std::size_t row = 0;
  for (; row + kVnniRows <= product.rows; row += kVnniRows) vnni_rows<kVnniRows>(product, row);
  for (; row < product.rows; ++row) vnni_rows<1>(product, row);
}

[[gnu::target("amx-tile,amx-int8,avx512f,avx512bw,avx512vl,avx512vnni")]] void int8_multiply_amx(
    const Int8Product& product) {
  static constexpr AmxTileConfig kConfig;
  _tile_loadconfig(&kConfig);
  const std::size_t whole = product.rows / kTileRows * kTileRows;
  const std::size_t panel_sums = product.rows * kTokens;
  std::size_t panel = 0;
  for (; panel + 2 <= product.panels; panel += 2) {
    const std::uint8_t* x = product.x + panel * product.x_step;
    std::int32_t* sums = product.sums + panel * panel_sums;
    std::size_t row = 0;
    for (; row + 2 * kTileRows <= whole; row += 2 * kTileRows) {
      amx_pair(product.weights + row * product.weight_step, product.weight_step, x, product.x_step,
               product.channels, sums + row * kTokens, panel_sums);
    }
    for (; row < whole; row += kTileRows) {
      const std::int8_t* weights = product.weights + row * product.weight_step;
      amx_single(weights, product.weight_step, x, product.channels, sums + row * kTokens);
      amx_single(weights, product.weight_step, x + product.x_step, product.channels,
                 sums + panel_sums + row * kTokens);
    }
  }
  if (panel < product.panels) {
    const std::uint8_t* x = product.x + panel * product.x_step;
    std::int32_t* sums = product.sums + panel * panel_sums;
    std::size_t row = 0;
    for (; row + 4 * kTileRows <= whole; row += 4 * kTileRows) {
      amx_column(product.weights + row * product.weight_step, product.weight_step, x,
                 product.channels, sums + row * kTokens);
    }
    for (; row < whole; row += kTileRows) {
      amx_single(product.weights + row * product.weight_step, product.weight_step, x,
                 product.channels, sums + row * kTokens);
    }
  }
  _tile_release();
  for (std::size_t row = whole; row < product.rows; ++row) vnni_rows<1>(product, row);
}

}  // namespace blip

#else

namespace blip {

void int8_multiply_vnni(const Int8Product& /*product*/) {}
void int8_multiply_amx(const Int8Product& /*product*/) {}

}  // namespace blip

#endif
