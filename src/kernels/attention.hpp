// Scaled dot-product attention, in the three shapes BLIP has it.
#pragma once

#include <cstdint>
#include <span>

#include "blip/context.hpp"

namespace blip {

/// Many queries against as many keys (the vision encoder).
/// qkv: [B, N, 3, heads, D] → out: [B, N, heads, D]. The N × N scores are never whole in memory.
void self_attention(const float* qkv, std::int64_t batch, std::int64_t tokens, std::int64_t heads,
                    std::int64_t head_size, float* out, Context& context);

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
