// The vision encoder: a pre-norm ViT from normalised pixels to image features.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "blip/config.hpp"
#include "blip/context.hpp"
#include "kernels/float/layer_norm.hpp"
#include "kernels/layout/attention_shape.hpp"
#include "kernels/layout/weight_matrix.hpp"
#include "model/patch_embedding.hpp"
#include "model/weight_loader.hpp"

namespace blip {

struct VisionLayer {
  LayerNorm layer_norm1;
  Linear qkv;         // [3E, E]: query, key and value stacked
  Linear projection;  // [E, E]
  LayerNorm layer_norm2;
  Linear fc1;  // [I, E]
  Linear fc2;  // [E, I]
};

/// Immutable. Sizes come from the configuration, so base, large and any other are the same code.
class VisionModel {
 public:
  /// Reads the tensors under `prefix` ("vision_model.").
  VisionModel(WeightLoader& loader, const BlipVisionConfig& config, const std::string& prefix);

  /// The patches of an image of this size. Throws invalid_argument for one smaller than a patch.
  [[nodiscard]] PatchEmbedding::Grid grid(std::int64_t height, std::int64_t width) const;
  /// Its tokens: one per patch and the class token. Throws as grid() does.
  [[nodiscard]] std::int64_t token_count(std::int64_t height, std::int64_t width) const;

  /// pixels: [B, 3, H, W] → last_hidden_state: [B, N, E]. A size other than the model's
  /// interpolates the position embeddings, as transformers' `interpolate_pos_encoding=True`.
  void encode(const float* pixels, std::int64_t batch, std::int64_t height, std::int64_t width,
              float* out, Context& context) const;

  /// transformers' `pooler_output`: the class token, which has been through the last layer norm
  /// with all others, goes through it once more. state: [E] → out: [E]
  void pool(const float* state, float* out) const;

  [[nodiscard]] const BlipVisionConfig& config() const noexcept { return config_; }

 private:
  void load_positions(WeightLoader& loader, const std::string& name);
  /// encode() of as many images as go through the layers together.
  void encode_together(const float* pixels, std::int64_t batch, std::int64_t height,
                       std::int64_t width, float* out, Context& context) const;
  void embed(const float* pixels, std::int64_t batch, std::int64_t height, std::int64_t width,
             float* out, Context& context) const;
  void run_layers(const AttentionShape& shape, float* x, Context& context) const;
  void run_int8_layers(const AttentionShape& shape, float* x, Context& context) const;
  [[nodiscard]] bool takes_quantized_inputs() const;

  BlipVisionConfig config_;
  PatchEmbedding patch_embedding_;
  const float* class_embedding_;     // [E]
  const float* position_embedding_;  // [1 + grid * grid, E]
  std::vector<float>
      resampled_positions_;  // what it points into, of a checkpoint with another grid
  std::vector<VisionLayer> layers_;
  LayerNorm post_layernorm_;
};

}  // namespace blip
