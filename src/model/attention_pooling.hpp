// AttentionPooling: SigLIP's pooling head, which makes one vector of an image's tokens.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "architectures/activation.hpp"
#include "blip/context.hpp"
#include "kernels/float/layer_norm.hpp"
#include "kernels/layout/weight_matrix.hpp"
#include "kernels/linear.hpp"
#include "model/weight_loader.hpp"

namespace blip {

/// The states of one image: [count, E]
struct ImageTokens {
  const float* states = nullptr;
  std::int64_t count = 0;
};

struct AttentionPoolingShape {
  std::int64_t hidden_size = 0;        // E
  std::int64_t intermediate_size = 0;  // I
  std::int64_t heads = 0;
  float layer_norm_eps = 0.0F;
  Activation activation = Activation::tanh_gelu;
};

/// torch.nn.MultiheadAttention of one learned query, the probe, to all tokens, and a feed-forward
/// block: transformers' SiglipMultiheadAttentionPoolingHead. Immutable.
///
/// The query is always the same, so a head's score of a token x, q · (K x + k), is (Kᵀ q) · x and a
/// number that softmax does not feel. Kᵀ q is computed when the model is loaded. Values are summed
/// before they are projected, which is linear as well. So no token is projected at all.
class AttentionPooling {
 public:
  /// `prefix`: "vision_model.head."
  AttentionPooling(WeightLoader& loader, const std::string& prefix,
                   const AttentionPoolingShape& shape);

  /// images → out: [images, E]
  void pool(std::span<const ImageTokens> images, float* out, Context& context) const;

 private:
  void attend(const ImageTokens& image, float* memory, float* out) const;

  AttentionPoolingShape shape_;
  std::vector<float> queries_;         // [heads, E]: scaled, and multiplied with the keys' weights
  std::vector<float> value_weight_;    // [E, E]
  const float* value_bias_ = nullptr;  // [E]
  Linear projection_;                  // [E, E]
  LayerNorm layer_norm_;
  Linear fc1_;  // [I, E]
  Linear fc2_;  // [E, I]
};

}  // namespace blip
