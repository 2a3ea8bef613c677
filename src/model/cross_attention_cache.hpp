// What cross-attention reads of the images: keys and values of every layer, computed once per image
// and shared by all beams and all texts.
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
  /// states: [images, N, E], the encoder's output.
  CrossAttentionCache(std::span<const CrossAttentionProjection> layers, const float* states,
                      std::int64_t images, std::int64_t tokens, std::int64_t heads,
                      Context& context);

  /// [D, stride()], transposed so that scores are computed along the tokens.
  [[nodiscard]] const float* keys(std::int64_t layer, std::int64_t image,
                                  std::int64_t head) const noexcept {
    return block(layer, image, head);
  }
  /// [N, D]
  [[nodiscard]] const float* values(std::int64_t layer, std::int64_t image,
                                    std::int64_t head) const noexcept {
    return block(layer, image, head) + head_size_ * stride_;
  }
  [[nodiscard]] std::int64_t images() const noexcept { return images_; }
  [[nodiscard]] std::int64_t tokens() const noexcept { return tokens_; }
  /// Tokens rounded up to kKeyPadding.
  [[nodiscard]] std::int64_t stride() const noexcept { return stride_; }

 private:
  [[nodiscard]] float* block(std::int64_t layer, std::int64_t image,
                             std::int64_t head) const noexcept {
    return reinterpret_cast<float*>(memory_.get()) +
           ((layer * images_ + image) * heads_ + head) * (stride_ + tokens_) * head_size_;
  }
  void store_head(const float* keys, const float* values, std::int64_t layer, std::int64_t image,
                  std::int64_t head);

  std::int64_t images_;
  std::int64_t tokens_;
  std::int64_t heads_;
  std::int64_t head_size_;
  std::int64_t stride_;
  AlignedBytes memory_;
};

}  // namespace blip
