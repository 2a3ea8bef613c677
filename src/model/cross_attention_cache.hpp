// What cross-attention reads of an image (or of a question): keys and values of every layer,
// computed once and shared by all beams and all texts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "blip/context.hpp"
#include "core/aligned_memory.hpp"
#include "kernels/float/decode_attention.hpp"
#include "kernels/layout/weight_matrix.hpp"

namespace blip {

/// The two projections of one layer: [H, E] each.
struct CrossAttentionProjection {
  const Linear* key;
  const Linear* value;
};

class CrossAttentionCache {
 public:
  /// `format`: f32 or f16.
  CrossAttentionCache(std::int64_t layers, std::int64_t tokens, std::int64_t heads,
                      std::int64_t head_size, WeightFormat format);

  [[nodiscard]] CachedHead head(std::int64_t layer, std::int64_t head) const noexcept;
  [[nodiscard]] std::int64_t tokens() const noexcept { return tokens_; }
  /// Tokens rounded up to kKeyPadding.
  [[nodiscard]] std::int64_t stride() const noexcept { return stride_; }

  /// Of memory.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  /// keys: [stride() / 16, heads, D, 16], token panels; values: [N, heads, D] → this head's block
  void store_head(const float* keys, const float* values, std::int64_t layer, std::int64_t head);

 private:
  // Elements before those of a head, of which the keys are the first D * stride().
  [[nodiscard]] std::int64_t place(std::int64_t layer, std::int64_t head) const noexcept {
    return (layer * heads_ + head) * (stride_ + tokens_) * head_size_;
  }

  std::int64_t tokens_;
  std::int64_t heads_;
  std::int64_t head_size_;
  std::int64_t stride_;
  WeightFormat format_;
  std::size_t bytes_;
  AlignedBytes memory_;
};

/// A cache for each of several states of any lengths, which are projected together:
/// states: [sum of lengths, E] → as many caches as lengths. In float16 where the projections are
/// int8, which leaves that rounding far behind: half the memory, of which every decoding step reads
/// all. What float16 cannot hold is stored as the largest it can.
std::vector<CrossAttentionCache> make_cross_attention_caches(
    std::span<const CrossAttentionProjection> layers, const float* states,
    std::span<const std::int64_t> lengths, std::int64_t heads, Context& context);

}  // namespace blip
