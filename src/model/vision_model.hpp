// The vision encoder: a pre-norm vision transformer from normalised pixels to image features. One
// for all models: a VisionTransformer describes what is different.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "architectures/vision_transformer.hpp"
#include "blip/context.hpp"
#include "kernels/float/layer_norm.hpp"
#include "kernels/layout/attention_shape.hpp"
#include "kernels/layout/weight_matrix.hpp"
#include "kernels/linear.hpp"
#include "model/patch_embedding.hpp"
#include "model/weight_loader.hpp"

namespace blip {

struct VisionLayer {
  LayerNorm layer_norm1;
  Linear qkv;                     // [3E, E]: query, key and value stacked
  Linear projection;              // [E, E]
  const float* scale1 = nullptr;  // [E], of LayerScale, or null
  LayerNorm layer_norm2;
  Linear fc1;                     // [I, E]; of a SwiGLU [2I, E]
  Linear fc2;                     // [E, I]
  const float* scale2 = nullptr;  // [E], or null
};

/// Immutable. Sizes come from the description, so base, large and any other are the same code.
class VisionModel {
 public:
  VisionModel(WeightLoader& loader, const VisionTransformer& tower);

  /// The patches of an image of this size. Throws invalid_argument for one smaller than a patch.
  [[nodiscard]] PatchEmbedding::Grid grid(std::int64_t height, std::int64_t width) const;
  /// Its tokens: one per patch, and those that stand before them. Throws as grid() does.
  [[nodiscard]] std::int64_t token_count(std::int64_t height, std::int64_t width) const;

  /// pixels: [B, 3, H, W] → last_hidden_state: [B, N, E]. A size other than the model's
  /// interpolates the position embeddings, as transformers' `interpolate_pos_encoding=True`.
  void encode(const float* pixels, std::int64_t batch, std::int64_t height, std::int64_t width,
              float* out, Context& context) const;

  /// The last norm of one token, as what BLIP and CLIP call `pooler_output` is made. (BLIP's class
  /// token has been through it already with all others.) state: [E] → out: [E]
  void pool(const float* state, float* out) const;

  [[nodiscard]] std::int64_t hidden_size() const noexcept { return tower_.hidden_size; }
  [[nodiscard]] const VisionTransformer& description() const noexcept { return tower_; }

 private:
  void load_tokens(WeightLoader& loader);
  void load_positions(WeightLoader& loader);
  /// encode() of as many images as go through the layers together.
  void encode_together(const float* pixels, std::int64_t batch, std::int64_t height,
                       std::int64_t width, float* out, Context& context) const;
  void embed(const float* pixels, std::int64_t batch, std::int64_t height, std::int64_t width,
             float* out, Context& context) const;
  void write_leading_tokens(const float* positions, float* rows) const;
  void run_layers(const AttentionShape& shape, float* x, Context& context) const;
  void run_int8_layers(const AttentionShape& shape, float* x, Context& context) const;
  [[nodiscard]] bool takes_quantized_inputs() const;

  VisionTransformer tower_;
  Epilogue activation_;
  PatchEmbedding patch_embedding_;
  std::vector<const float*> read_tokens_;      // [E] each: the class token and its like
  const float* register_tokens_ = nullptr;     // [registers, E]
  const float* position_embedding_ = nullptr;  // [positioned + grid * grid, E]
  std::vector<float> resampled_positions_;     // what it points into, of another grid's table
  LayerNorm norm_before_;                      // where the description has one
  std::vector<VisionLayer> layers_;
  LayerNorm last_norm_;
};

}  // namespace blip
