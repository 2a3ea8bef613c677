// Scaled dot-product attention of one query: what decoding does. Images attend to themselves in
// panel_attention.hpp and int8_attention.hpp.
#pragma once

#include <cstdint>
#include <span>

namespace blip {

/// One query and one head against contiguous keys and values (cross-attention while decoding).
/// query: [D], keys: [D, stride] transposed, values: [N, D] → out: [D]; scores: room for `stride`
/// floats. `stride` is N rounded up to kKeyPadding, the padding zero.
void attend_transposed(const float* query, const float* keys, const float* values, std::int64_t n,
                       std::int64_t stride, std::int64_t head_size, float* scores, float* out);
constexpr std::int64_t kKeyPadding = 16;  // a vector of AVX-512

/// One query and one head against scattered keys and values (self-attention over a cache).
/// query: [D], keys[i] + offset, values[i] + offset: [D] → out: [D]; scores: room for keys.size()
/// floats. `offset` picks the head from rows that hold all of them.
void attend_scattered(const float* query, std::span<const float* const> keys,
                      std::span<const float* const> values, std::int64_t offset,
                      std::int64_t head_size, float* scores, float* out);

}  // namespace blip
