// SiglipModel: SigLIP and SigLIP 2 (fixed sizes), images and texts as vectors of one space.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "blip/context.hpp"
#include "blip/encoded_image.hpp"
#include "blip/export.hpp"
#include "blip/load_options.hpp"
#include "blip/tensor.hpp"
#include "blip/tokenizer.hpp"

namespace blip {

/// `text_config` of config.json. Defaults are transformers' SiglipTextConfig.
struct SiglipTextConfig {
  int vocab_size = 32000;
  int hidden_size = 768;
  int intermediate_size = 3072;
  int num_hidden_layers = 12;
  int num_attention_heads = 12;
  int max_position_embeddings = 64;
  int projection_size = 768;  ///< hidden_size unless the file says otherwise
  std::string hidden_act = "gelu_pytorch_tanh";
  float layer_norm_eps = 1e-6F;
};

/// `vision_config` of config.json. Defaults are transformers' SiglipVisionConfig.
struct SiglipVisionConfig {
  int hidden_size = 768;
  int intermediate_size = 3072;
  int num_hidden_layers = 12;
  int num_attention_heads = 12;
  int image_size = 224;
  int patch_size = 16;
  std::string hidden_act = "gelu_pytorch_tanh";
  float layer_norm_eps = 1e-6F;
};

/// config.json as a whole.
struct BLIP_API SiglipConfig {
  std::string architecture;  ///< architectures[0]: "SiglipModel", or empty
  SiglipTextConfig text_config;
  SiglipVisionConfig vision_config;

  /// Reads config.json of a model directory. Throws not_found, malformed, unsupported (a SigLIP 2
  /// for images of any size, whose model_type is "siglip2", or a tower alone) or limit_exceeded;
  /// the message names the file and the field.
  static SiglipConfig from_pretrained(const std::filesystem::path& model);
};

/// transformers' SiglipModel.
/// Weights are immutable after loading and shared between copies: every member is const and may be
/// called from many threads at once, each with its own Context.
///
/// Texts are token ids, padded by the caller to max_position_embeddings (64): the model was trained
/// so, sees the padding, and reads a text's features where the last of it stands. A text of
/// another length is read as it is, as transformers reads it, and gets features of little use.
class BLIP_API SiglipModel {
 public:
  /// `model` is a model directory, a checkpoint file or a hub id. Throws missing_tensor or
  /// shape_mismatch naming the tensor, or whatever reading the files throws.
  static SiglipModel from_pretrained(const std::filesystem::path& model,
                                     const LoadOptions& options = {});

  /// pixel_values: [B, 3, H, W] → B images. Another size than the model's is read as with
  /// transformers' `interpolate_pos_encoding=True`. Their last_hidden_state [N, E] is
  /// transformers', after the last norm.
  [[nodiscard]] std::vector<EncodedImage> encode_images(TensorView pixel_values,
                                                        Context& context) const;

  /// transformers' `get_image_features(…).pooler_output`: → [images, E], not normalised.
  [[nodiscard]] Tensor get_image_features(std::span<const EncodedImage> images,
                                          Context& context) const;
  /// transformers' `get_text_features(…).pooler_output`: → [texts, E], not normalised. Throws
  /// invalid_argument for an empty text or an id outside the vocabulary, limit_exceeded for a text
  /// of too many tokens.
  [[nodiscard]] Tensor get_text_features(std::span<const std::vector<TokenId>> texts,
                                         Context& context) const;
  /// The cosines times exp(logit_scale), and logit_bias: image_features [I, E], text_features
  /// [T, E] → [I, T]. The sigmoid of each is the probability that the two belong together.
  [[nodiscard]] Tensor logits_per_image(TensorView image_features, TensorView text_features) const;
  /// exp(logit_scale), which multiplies the cosines.
  [[nodiscard]] float similarity_scale() const noexcept;
  /// logit_bias, which is added then.
  [[nodiscard]] float similarity_bias() const noexcept;

  [[nodiscard]] const SiglipConfig& config() const noexcept;
  /// Tensors of the checkpoint that this architecture does not use, sorted by name.
  [[nodiscard]] const std::vector<std::string>& ignored_tensors() const noexcept;

 private:
  struct Model;
  explicit SiglipModel(std::shared_ptr<const Model> model);
  std::shared_ptr<const Model> model_;
};

}  // namespace blip
