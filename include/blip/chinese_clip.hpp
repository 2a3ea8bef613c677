// ChineseCLIPModel: CLIP's image tower and a Chinese BERT, whose images and texts are vectors of
// one space.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "blip/clip.hpp"
#include "blip/context.hpp"
#include "blip/encoded_image.hpp"
#include "blip/export.hpp"
#include "blip/load_options.hpp"
#include "blip/tensor.hpp"
#include "blip/tokenizer.hpp"

namespace blip {

/// `text_config` of config.json. Defaults are transformers' ChineseCLIPTextConfig.
struct ChineseCLIPTextConfig {
  int vocab_size = 30522;
  int hidden_size = 768;
  int intermediate_size = 3072;
  int num_hidden_layers = 12;
  int num_attention_heads = 12;
  int max_position_embeddings = 512;
  int type_vocab_size = 2;  ///< texts are all of the first type
  float layer_norm_eps = 1e-12F;
};

/// config.json as a whole.
struct BLIP_API ChineseCLIPConfig {
  std::string architecture;  ///< architectures[0]; may be empty
  ChineseCLIPTextConfig text_config;
  CLIPVisionConfig vision_config;  ///< ChineseCLIPVisionConfig is CLIP's
  int projection_dim = 512;
  float logit_scale_init_value = 2.6592F;

  /// Reads config.json of a model directory. Throws not_found, malformed, unsupported or
  /// limit_exceeded; the message names the file and the field.
  static ChineseCLIPConfig from_pretrained(const std::filesystem::path& model);
};

/// transformers' ChineseCLIPModel.
/// Weights are immutable after loading and shared between copies: every member is const and may be
/// called from many threads at once, each with its own Context.
///
/// Texts are token ids of BertTokenizer, [CLS] … [SEP], unpadded, of any lengths up to
/// max_position_embeddings. A text's features do not depend on others.
class BLIP_API ChineseCLIPModel {
 public:
  /// `model` is a model directory or a hub id. Throws missing_tensor or shape_mismatch naming the
  /// tensor, or whatever reading the files throws.
  static ChineseCLIPModel from_pretrained(const std::filesystem::path& model,
                                          const LoadOptions& options = {});

  /// pixel_values: [B, 3, H, W] → B images, as CLIPModel's.
  [[nodiscard]] std::vector<EncodedImage> encode_images(TensorView pixel_values,
                                                        Context& context) const;
  /// transformers' `get_image_features(…).pooler_output`: → [images, P], not normalised.
  [[nodiscard]] Tensor get_image_features(std::span<const EncodedImage> images,
                                          Context& context) const;
  /// transformers' `get_text_features(…).pooler_output`: → [texts, P], not normalised. Throws
  /// invalid_argument for an empty text or an id outside the vocabulary, limit_exceeded for a text
  /// of too many tokens.
  [[nodiscard]] Tensor get_text_features(std::span<const std::vector<TokenId>> texts,
                                         Context& context) const;
  /// The cosines times exp(logit_scale): image_features [I, P], text_features [T, P] → [I, T].
  [[nodiscard]] Tensor logits_per_image(TensorView image_features, TensorView text_features) const;
  /// exp(logit_scale), which multiplies the cosines.
  [[nodiscard]] float similarity_scale() const noexcept;

  [[nodiscard]] const ChineseCLIPConfig& config() const noexcept;
  /// Tensors of the checkpoint that this architecture does not use, sorted by name.
  [[nodiscard]] const std::vector<std::string>& ignored_tensors() const noexcept;

 private:
  struct Model;
  explicit ChineseCLIPModel(std::shared_ptr<const Model> model);
  std::shared_ptr<const Model> model_;
};

}  // namespace blip
