#include "kernels/int8/int8_few_tokens.hpp"

#include "kernels/layout/panels.hpp"
#include "kernels/x86_extensions.hpp"

#if defined(__x86_64__)
// GCC 12 reports what its own intrinsics leave undefined on purpose.
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>

#include <algorithm>
#include <array>
#include <cstring>
#endif

namespace blip {

std::int64_t few_last_tokens(const QuantizedPanels& x) {
  if (x.sequence_tokens == 0 || best_x86_extension() != X86Extension::avx512_vnni) return 0;
  const std::int64_t last = x.sequence_tokens % kPanelTokens;
  return last <= kFewTokens ? last : 0;
}

#if defined(__x86_64__)
namespace {

constexpr std::size_t kPlaces = 16;  // tokens of a panel
constexpr std::size_t kRows = 4;     // whose sums are added up together
constexpr std::size_t kStep = 64;    // channels of a vector

// A block of channels is no longer (quantization_block).
constexpr auto kMaxChannels = static_cast<std::size_t>(kMaxQuantizationBlock);
constexpr auto kMaxTokens = static_cast<std::size_t>(kFewTokens);

using TokenRows = std::array<std::uint8_t, kMaxTokens * kMaxChannels>;

// x: [channels / 4, 16, 4] → rows: [tokens, kMaxChannels]
void rows_of_panel(const std::uint8_t* x, std::size_t channels, std::size_t tokens,
                   TokenRows& rows) {
  for (std::size_t c = 0; c < channels; c += 4) {
    for (std::size_t token = 0; token < tokens; ++token) {
      std::memcpy(rows.data() + token * kMaxChannels + c, x + c * kPlaces + token * 4, 4);
    }
  }
}

// Four vectors of sixteen numbers → the sum of each
[[gnu::target("avx512f"), gnu::always_inline]] inline __m128i sums_of(const __m512i (&parts)[4]) {
  const __m512i low = _mm512_add_epi32(_mm512_unpacklo_epi32(parts[0], parts[1]),
                                       _mm512_unpackhi_epi32(parts[0], parts[1]));
  const __m512i high = _mm512_add_epi32(_mm512_unpacklo_epi32(parts[2], parts[3]),
                                        _mm512_unpackhi_epi32(parts[2], parts[3]));
  const __m512i quarters =
      _mm512_add_epi32(_mm512_unpacklo_epi64(low, high), _mm512_unpackhi_epi64(low, high));
  const __m256i halves =
      _mm256_add_epi32(_mm512_castsi512_si256(quarters), _mm512_extracti64x4_epi64(quarters, 1));
  return _mm_add_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));
}

// Along the channels, which rows of weights have side by side: a vector of weights serves each
// token, where a panel would multiply sixteen. `count` rows, at most kRows.
template <std::size_t kTokens>
[[gnu::target("avx512f,avx512bw,avx512vl,avx512vnni")]] void multiply_rows(
    const Int8Product& product, std::size_t row, std::size_t count, const TokenRows& tokens) {
  __m512i sums[kTokens][kRows];
  for (auto& of_token : sums) {
    for (auto& sum : of_token) sum = _mm512_setzero_si512();
  }
  const std::int8_t* weights[kRows];
  for (std::size_t r = 0; r < kRows; ++r) {
    weights[r] = product.weights + (row + std::min(r, count - 1)) * product.weight_step;
  }
  for (std::size_t c = 0; c < product.channels; c += kStep) {
    const std::size_t left = product.channels - c;
    const __mmask64 mask = left >= kStep ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
    __m512i x[kTokens];
    for (std::size_t t = 0; t < kTokens; ++t) {
      x[t] = _mm512_maskz_loadu_epi8(mask, tokens.data() + t * kMaxChannels + c);
    }
    for (std::size_t r = 0; r < kRows; ++r) {
      const __m512i weight = _mm512_maskz_loadu_epi8(mask, weights[r] + c);
      for (std::size_t t = 0; t < kTokens; ++t) {
        sums[t][r] = _mm512_dpbusd_epi32(sums[t][r], x[t], weight);
      }
    }
  }
  for (std::size_t t = 0; t < kTokens; ++t) {
    std::array<std::int32_t, kRows> found;
    _mm_storeu_si128(reinterpret_cast<__m128i*>(found.data()), sums_of(sums[t]));
    for (std::size_t r = 0; r < count; ++r) product.sums[(row + r) * kPlaces + t] = found[r];
  }
}

template <std::size_t kTokens>
void multiply_all_rows(const Int8Product& product, const TokenRows& tokens) {
  for (std::size_t row = 0; row < product.rows; row += kRows) {
    multiply_rows<kTokens>(product, row, std::min(kRows, product.rows - row), tokens);
  }
}

}  // namespace

void int8_multiply_few(const Int8Product& product, std::size_t tokens) {
  alignas(64) TokenRows rows;
  rows_of_panel(product.x, product.channels, tokens, rows);
  std::fill_n(product.sums, product.rows * kPlaces, 0);
  switch (tokens) {
    case 1:
      return multiply_all_rows<1>(product, rows);
    case 2:
      return multiply_all_rows<2>(product, rows);
    case 3:
      return multiply_all_rows<3>(product, rows);
    default:
      return multiply_all_rows<kMaxTokens>(product, rows);
  }
}

#else

void int8_multiply_few(const Int8Product& /*product*/, std::size_t /*tokens*/) {}

#endif

}  // namespace blip
