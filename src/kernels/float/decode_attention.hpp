// Scaled dot-product attention of one query: what decoding does. Images attend to themselves in
// panel_attention.hpp and int8_attention.hpp.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/layout/weight_matrix.hpp"

namespace blip {

/// The keys and values of one head that queries are compared with again and again
/// (cross-attention).
struct CachedHead {
  const void* keys = nullptr;    // [D, stride], transposed: scores are computed along the tokens
  const void* values = nullptr;  // [N, D]
  WeightFormat format = WeightFormat::f32;  // of both: f32 or f16
  std::int64_t tokens = 0;                  // N
  // At least the tokens rounded up to kKeyPadding. The keys from `tokens` up to there are read and
  // must be finite; the rest is room for more tokens.
  std::int64_t stride = 0;
  std::int64_t head_size = 0;
};
constexpr std::int64_t kKeyPadding = 16;  // a vector of AVX-512
constexpr std::int64_t kCachedScores = 4;

/// Some queries of one head, all of which see every token. query: [rows] of [D] → out: [rows] of
/// [D], both `row_step` floats apart; scores: room for [kCachedScores, stride]. A row's result does
/// not depend on how many there are.
void attend_cached(const CachedHead& head, const float* query, std::int64_t rows,
                   std::int64_t row_step, float* scores, float* out);

/// One query and one head against scattered keys and values (self-attention over a cache).
/// query: [D], keys[i] + offset, values[i] + offset: [D] → out: [D]; scores: room for keys.size()
/// floats. `offset` picks the head from rows that hold all of them.
void attend_scattered(const float* query, std::span<const float* const> keys,
                      std::span<const float* const> values, std::int64_t offset,
                      std::int64_t head_size, float* scores, float* out);

}  // namespace blip
