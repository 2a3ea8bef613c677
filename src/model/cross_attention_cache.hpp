// What cross-attention reads of an image (or of a question): keys and values of every layer,
// computed once and shared by all beams and all texts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "blip/context.hpp"
#include "core/aligned_memory.hpp"
#include "kernels/weight_matrix.hpp"

namespace blip {

/// The two projections of one layer: [H, E] each.
struct CrossAttentionProjection {
  const Linear* key;
  const Linear* value;
};

class CrossAttentionCache {
 public:
  CrossAttentionCache(std::int64_t layers, std::int64_t tokens, std::int64_t heads,
                      std::int64_t head_size);

  /// [D, stride()], transposed so that scores are computed along the tokens.
  [[nodiscard]] const float* keys(std::int64_t layer, std::int64_t head) const noexcept {
    return block(layer, head);
  }
  /// [N, D]
  [[nodiscard]] const float* values(std::int64_t layer, std::int64_t head) const noexcept {
    return block(layer, head) + head_size_ * stride_;
  }
  [[nodiscard]] std::int64_t tokens() const noexcept { return tokens_; }
  /// Tokens rounded up to kKeyPadding.
  [[nodiscard]] std::int64_t stride() const noexcept { return stride_; }

  /// keys, values: [N, heads, D] → this head's block
  void store_head(const float* keys, const float* values, std::int64_t layer, std::int64_t head);

 private:
  [[nodiscard]] float* block(std::int64_t layer, std::int64_t head) const noexcept {
    return reinterpret_cast<float*>(memory_.get()) +
           (layer * heads_ + head) * (stride_ + tokens_) * head_size_;
  }

  std::int64_t tokens_;
  std::int64_t heads_;
  std::int64_t head_size_;
  std::int64_t stride_;
  AlignedBytes memory_;
};

/// A cache for each of several states of any lengths, which are projected together:
/// states: [sum of lengths, E] → as many caches as lengths
std::vector<CrossAttentionCache> make_cross_attention_caches(
    std::span<const CrossAttentionProjection> layers, const float* states,
    std::span<const std::int64_t> lengths, std::int64_t heads, Context& context);

}  // namespace blip
