// Cross-attention of text rows to what they are about.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "blip/context.hpp"
#include "kernels/linear.hpp"
#include "model/cross_attention_cache.hpp"
#include "model/text_model.hpp"

namespace blip {

/// Consecutive rows of hidden states that read the same cache.
struct CrossAttentionRows {
  const CrossAttentionCache* cache = nullptr;
  std::int64_t first = 0;
  std::int64_t count = 0;
};

/// Texts of these lengths, one after the other, each with its cache: neighbours that read the same
/// one form one group.
std::vector<CrossAttentionRows> group_by_cache(std::span<const std::int64_t> lengths,
                                               std::span<const CrossAttentionCache* const> caches);

/// A head whose keys and values are float32: itself, or a copy in `wide`, which has room for
/// [2 * stride, D].
CachedHead head_as_f32(const CachedHead& head, float* wide);

/// One head by matrix products. query: [rows] of [D], `row_step` floats apart → out, the same, and
/// probabilities: [rows, stride], of which the first N of a row count; wide: as in head_as_f32.
void attend_by_products(const CachedHead& head, const float* query, std::int64_t rows,
                        std::int64_t row_step, float* probabilities, float* wide, float* out);

/// query: [rows, H] → out: [rows, H], attention alone. `layer` is that of the caches.
void cross_attention(std::int64_t layer, std::span<const CrossAttentionRows> groups,
                     std::int64_t heads, std::int64_t head_size, const float* query, float* out,
                     Context& context);

/// x: [rows, H] → x: the block with its query and output projections, residual and layer norm
void cross_attention_block(const TextModel& model, std::int64_t layer,
                           std::span<const CrossAttentionRows> groups, std::int64_t rows, float* x,
                           Context& context, RowProduct kernel = RowProduct::by_count);

}  // namespace blip
