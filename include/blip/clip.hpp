// CLIPModel, its towers alone and its classifier: images and texts as vectors of one space.
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

/// `text_config` of config.json. Defaults are transformers' CLIPTextConfig.
struct CLIPTextConfig {
  int vocab_size = 49408;
  int hidden_size = 512;
  int intermediate_size = 2048;
  int projection_dim = 512;  ///< only of CLIPTextModelWithProjection
  int num_hidden_layers = 12;
  int num_attention_heads = 8;
  int max_position_embeddings = 77;
  std::string hidden_act = "quick_gelu";
  float layer_norm_eps = 1e-5F;
  TokenId pad_token_id = 1;
  TokenId bos_token_id = 49406;
  /// The first of them in a text is where its features are read. 2, as OpenAI's files have it,
  /// stands for the highest id in the text.
  TokenId eos_token_id = 49407;
};

/// `vision_config` of config.json. Defaults are transformers' CLIPVisionConfig.
struct CLIPVisionConfig {
  int hidden_size = 768;
  int intermediate_size = 3072;
  int projection_dim = 512;  ///< only of CLIPVisionModelWithProjection
  int num_hidden_layers = 12;
  int num_attention_heads = 12;
  int image_size = 224;
  int patch_size = 32;
  std::string hidden_act = "quick_gelu";
  float layer_norm_eps = 1e-5F;
};

/// config.json as a whole.
struct BLIP_API CLIPConfig {
  /// "clip", or "clip_text_model" or "clip_vision_model", which have the config of one tower alone.
  std::string model_type = "clip";
  std::string architecture;  ///< architectures[0], e.g. "CLIPModel"; may be empty
  CLIPTextConfig text_config;
  CLIPVisionConfig vision_config;
  int projection_dim = 512;
  float logit_scale_init_value = 2.6592F;
  std::string problem_type;         ///< only of CLIPForImageClassification; may be empty
  std::vector<std::string> labels;  ///< id2label, only of CLIPForImageClassification

  /// Reads config.json of a model directory. Of a checkpoint without one, tells it from the names
  /// and shapes of the tensors, with OpenAI's heads of 64 numbers and quick_gelu. Throws not_found,
  /// malformed, unsupported or limit_exceeded; the message names the file and the field.
  static CLIPConfig from_pretrained(const std::filesystem::path& model);
};

/// transformers' CLIPModel.
/// Weights are immutable after loading and shared between copies: every member is const and may be
/// called from many threads at once, each with its own Context.
///
/// Texts are token ids, <|startoftext|> … <|endoftext|>, unpadded, of any lengths up to
/// max_position_embeddings. A text's features do not depend on others; padding, which transformers
/// needs, would not change them.
class BLIP_API CLIPModel {
 public:
  /// `model` is a model directory, a checkpoint file or a hub id. Throws missing_tensor or
  /// shape_mismatch naming the tensor, or whatever reading the files throws.
  static CLIPModel from_pretrained(const std::filesystem::path& model,
                                   const LoadOptions& options = {});

  /// pixel_values: [B, 3, H, W] → B images. Another size than the model's is read as with
  /// transformers' `interpolate_pos_encoding=True`. Their last_hidden_state [N, E] is
  /// transformers', before any norm.
  [[nodiscard]] std::vector<EncodedImage> encode_images(TensorView pixel_values,
                                                        Context& context) const;

  /// transformers' `get_image_features(…).pooler_output`: → [images, P], not normalised.
  /// P = projection_dim.
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

  [[nodiscard]] const CLIPConfig& config() const noexcept;
  /// Tensors of the checkpoint that this architecture does not use, sorted by name.
  [[nodiscard]] const std::vector<std::string>& ignored_tensors() const noexcept;

 private:
  struct Model;
  explicit CLIPModel(std::shared_ptr<const Model> model);
  std::shared_ptr<const Model> model_;
};

/// transformers' class of that name: the image tower alone, whose weights a CLIPModel's checkpoint
/// has as well. What was said of CLIPModel holds for it.
class BLIP_API CLIPVisionModelWithProjection {
 public:
  static CLIPVisionModelWithProjection from_pretrained(const std::filesystem::path& model,
                                                       const LoadOptions& options = {});

  [[nodiscard]] std::vector<EncodedImage> encode_images(TensorView pixel_values,
                                                        Context& context) const;
  /// transformers' `image_embeds`: → [images, P], not normalised.
  [[nodiscard]] Tensor image_embeds(std::span<const EncodedImage> images, Context& context) const;

  [[nodiscard]] const CLIPConfig& config() const noexcept;
  [[nodiscard]] const std::vector<std::string>& ignored_tensors() const noexcept;

 private:
  struct Model;
  explicit CLIPVisionModelWithProjection(std::shared_ptr<const Model> model);
  std::shared_ptr<const Model> model_;
};

/// transformers' class of that name: the text tower alone, whose weights a CLIPModel's checkpoint
/// has as well. What was said of CLIPModel holds for it.
class BLIP_API CLIPTextModelWithProjection {
 public:
  static CLIPTextModelWithProjection from_pretrained(const std::filesystem::path& model,
                                                     const LoadOptions& options = {});

  /// transformers' `text_embeds`: → [texts, P], not normalised.
  [[nodiscard]] Tensor text_embeds(std::span<const std::vector<TokenId>> texts,
                                   Context& context) const;
  /// The states of every token of one text: → [T, H]
  [[nodiscard]] Tensor last_hidden_state(std::span<const TokenId> text, Context& context) const;

  [[nodiscard]] const CLIPConfig& config() const noexcept;
  [[nodiscard]] const std::vector<std::string>& ignored_tensors() const noexcept;

 private:
  struct Model;
  explicit CLIPTextModelWithProjection(std::shared_ptr<const Model> model);
  std::shared_ptr<const Model> model_;
};

/// transformers' class of that name: the image tower without a projection, as IP-Adapter has it.
/// Its tensors may have the prefix "vision_model." or none. What was said of CLIPModel holds for
/// it.
class BLIP_API CLIPVisionModel {
 public:
  static CLIPVisionModel from_pretrained(const std::filesystem::path& model,
                                         const LoadOptions& options = {});

  [[nodiscard]] std::vector<EncodedImage> encode_images(TensorView pixel_values,
                                                        Context& context) const;
  /// transformers' `pooler_output`: the class tokens after the last norm → [images, E]
  [[nodiscard]] Tensor pooler_output(std::span<const EncodedImage> images) const;

  [[nodiscard]] const CLIPConfig& config() const noexcept;
  [[nodiscard]] const std::vector<std::string>& ignored_tensors() const noexcept;

 private:
  struct Model;
  explicit CLIPVisionModel(std::shared_ptr<const Model> model);
  std::shared_ptr<const Model> model_;
};

/// transformers' class of that name: the text tower without a projection, as Stable Diffusion has
/// it. Its tensors may have the prefix "text_model." or none. What was said of CLIPModel holds for
/// it.
class BLIP_API CLIPTextModel {
 public:
  static CLIPTextModel from_pretrained(const std::filesystem::path& model,
                                       const LoadOptions& options = {});

  /// transformers' `pooler_output`: the states of the texts' ends → [texts, H]
  [[nodiscard]] Tensor pooler_output(std::span<const std::vector<TokenId>> texts,
                                     Context& context) const;
  /// The states of every token of one text: → [T, H]
  [[nodiscard]] Tensor last_hidden_state(std::span<const TokenId> text, Context& context) const;

  [[nodiscard]] const CLIPConfig& config() const noexcept;
  [[nodiscard]] const std::vector<std::string>& ignored_tensors() const noexcept;

 private:
  struct Model;
  explicit CLIPTextModel(std::shared_ptr<const Model> model);
  std::shared_ptr<const Model> model_;
};

/// transformers' class of that name: the image tower and a classifier of the mean of its patches.
/// What was said of CLIPModel holds for it.
class BLIP_API CLIPForImageClassification {
 public:
  static CLIPForImageClassification from_pretrained(const std::filesystem::path& model,
                                                    const LoadOptions& options = {});

  /// pixel_values: [B, 3, H, W] → [B, num_labels], before softmax
  [[nodiscard]] Tensor logits(TensorView pixel_values, Context& context) const;

  [[nodiscard]] const CLIPConfig& config() const noexcept;
  [[nodiscard]] const std::vector<std::string>& ignored_tensors() const noexcept;

 private:
  struct Model;
  explicit CLIPForImageClassification(std::shared_ptr<const Model> model);
  std::shared_ptr<const Model> model_;
};

}  // namespace blip
