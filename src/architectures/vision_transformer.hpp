// VisionTransformer: what tells one vision transformer from another. BLIP's, CLIP's, ViT's, DeiT's
// and DINOv2's are each a description; the list of tensors, their weights and the forward pass
// (model/vision_model.hpp) are made from it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "architectures/activation.hpp"
#include "architectures/expected_tensors.hpp"
#include "blip/config.hpp"

namespace blip {

/// Names of tensors behind the tower's prefix, those of a layer behind "layers" and its number.
/// Null: the tower has no such part.
struct VisionTensorNames {
  const char* class_token = nullptr;
  const char* distillation_token = nullptr;
  const char* register_tokens = nullptr;
  const char* positions = nullptr;
  const char* backbone = nullptr;  ///< a prefix, only of hybrid towers
  const char* patch = nullptr;     ///< and the next ones: without ".weight" and ".bias"
  const char* norm_before = nullptr;
  const char* layers = nullptr;  ///< "encoder.layers."
  const char* norm1 = nullptr;
  const char* qkv = nullptr;  ///< one matrix for the three
  const char* query = nullptr;
  const char* key = nullptr;
  const char* value = nullptr;
  const char* projection = nullptr;
  const char* scale1 = nullptr;  ///< LayerScale, as a whole name
  const char* norm2 = nullptr;
  const char* fc1 = nullptr;  ///< of a SwiGLU: the gates first, then what they are multiplied with
  const char* fc2 = nullptr;
  const char* scale2 = nullptr;
  const char* last_norm = nullptr;
};

/// What the last norm is applied to.
enum class LastNorm {
  all_tokens,
  pooled_token,  ///< last_hidden_state is the last layer's output as it is (CLIP)
};

/// How the positions of another image size are made of the model's.
enum class PositionResampling { bicubic, antialiased_bicubic };

struct VisionTransformer {
  VisionTensorNames names;
  std::string prefix;  ///< "vision_model."

  std::int64_t hidden_size = 0;        // H
  std::int64_t intermediate_size = 0;  // I; of a SwiGLU, what comes out of the gates
  int num_hidden_layers = 0;
  std::int64_t num_attention_heads = 0;
  int image_size = 0;
  int patch_size = 0;
  int num_register_tokens = 0;
  float layer_norm_eps = 0.0F;
  Activation activation = Activation::gelu;

  bool tokens_have_positions = true;   ///< the class and the distillation token
  bool class_token_is_vector = false;  ///< [H] instead of [1, 1, H]
  bool positions_are_matrix = false;   ///< [N, H] instead of [1, N, H]
  bool patch_bias = true;
  bool qkv_bias = true;
  bool swiglu = false;
  LastNorm last_norm = LastNorm::all_tokens;
  PositionResampling resampling = PositionResampling::bicubic;
  /// A checkpoint's table may be of another grid than the configuration tells.
  bool resamples_stored_positions = false;
  std::optional<EfficientNetLiteConfig> backbone = std::nullopt;

  /// Tokens with positions of their own that stand before the patches.
  [[nodiscard]] int positioned_tokens() const noexcept {
    return tokens_have_positions ? read_tokens() : 0;
  }
  /// All tokens that stand before the patches: registers follow the others.
  [[nodiscard]] int leading_tokens() const noexcept { return read_tokens() + num_register_tokens; }
  /// Those of them that heads read.
  [[nodiscard]] int read_tokens() const noexcept {
    return (names.class_token != nullptr ? 1 : 0) + (names.distillation_token != nullptr ? 1 : 0);
  }
  /// Patches along a side of the model's own size.
  [[nodiscard]] int grid() const noexcept;
  [[nodiscard]] std::int64_t fc1_outputs() const noexcept {
    return swiglu ? 2 * intermediate_size : intermediate_size;
  }
  [[nodiscard]] std::string layer_prefix(int index) const {
    return prefix + names.layers + std::to_string(index) + ".";
  }
};

/// Every tensor of the tower, in the order of the data's way through it.
void add_vision_transformer(ExpectedTensorList& list, const VisionTransformer& tower);

}  // namespace blip
