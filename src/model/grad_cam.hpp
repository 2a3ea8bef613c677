// Grad-CAM: attention weighted by what it contributes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "model/cross_attention_cache.hpp"
#include "model/text_activations.hpp"

namespace blip {

/// One token's attention to an image in the eyes of one loss. activations: of one layer;
/// gradients: [L, heads, T, N] of that layer's probabilities → out: [N - 1] += weight * (mean over
/// the heads, or that of `head`, of probability * max(gradient, 0)), without the class token.
class GradCamRows {
 public:
  GradCamRows(const TextLayerActivations& activations, std::span<const float> gradients,
              std::int64_t tokens, std::int64_t heads, const CrossAttentionCache& image,
              std::optional<std::int64_t> head)
      : activations_(activations),
        gradients_(gradients),
        tokens_(tokens),
        heads_(heads),
        states_(image.tokens()),
        stride_(image.stride()),
        head_(head) {}

  void add(std::int64_t loss, std::int64_t token, float weight, std::span<float> out) const;

 private:
  const TextLayerActivations& activations_;
  std::span<const float> gradients_;
  std::int64_t tokens_;
  std::int64_t heads_;
  std::int64_t states_;
  std::int64_t stride_;
  std::optional<std::int64_t> head_;
};

}  // namespace blip
