// Vision transformers for images alone: ViT, DeiT, DINOv2 and DINOv2 with registers, also by the
// names of timm and of Facebook's own DINOv2. They are one transformer with different options.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "blip/context.hpp"
#include "blip/encoded_image.hpp"
#include "blip/export.hpp"
#include "blip/load_options.hpp"
#include "blip/tensor.hpp"

namespace blip {

/// What timm's vision transformers have or lack, told from their tensors.
struct TimmViTConfig {
  /// timm's name, "vit_base_patch16_224"; empty: there is no config.json.
  std::string architecture = {};
  bool from_facebook = false;  ///< by the names of Facebook's DINOv2
  bool distillation_token = false;
  bool token_positions = true;  ///< the class token has one; not with timm's no_embed_class
  bool layer_scale = false;
  bool patch_bias = true;
  bool norm_before = false;  ///< before the layers: timm's pre_norm
};

/// config.json. Defaults are those of transformers' ViTConfig; a file of another model type has
/// those of its own class.
struct BLIP_API ViTConfig {
  /// Or "deit", "dinov2", "dinov2_with_registers"; "timm_wrapper" of timm's and Facebook's files.
  std::string model_type = "vit";
  std::string architecture;  ///< architectures[0], e.g. "ViTForImageClassification"
  int hidden_size = 768;
  /// Of DINOv2 told from mlp_ratio; with use_swiglu_ffn, what comes out of the gates.
  int intermediate_size = 3072;
  int num_hidden_layers = 12;
  int num_attention_heads = 12;
  int image_size = 224;
  int patch_size = 16;
  std::string hidden_act = "gelu";
  float layer_norm_eps = 1e-12F;
  bool qkv_bias = true;
  bool use_swiglu_ffn = false;   ///< only of DINOv2, and told from timm's tensors
  int num_register_tokens = 0;   ///< the same
  int pooler_output_size = 768;  ///< only of ViTModel and DeiTModel
  std::string pooler_act = "tanh";
  std::string problem_type;  ///< "multi_label_classification", "regression", …; may be empty
  std::vector<std::string> labels;  ///< id2label: the name of each class; none without a classifier
  std::optional<TimmViTConfig> timm;  ///< of model type "timm_wrapper" alone

  /// Reads config.json of a model directory. timm's says little: sizes are told from the tensors,
  /// as those of a checkpoint without one, by timm's names or Facebook's DINOv2's. Throws
  /// not_found, malformed, unsupported or limit_exceeded; the message names the file and the field.
  static ViTConfig from_pretrained(const std::filesystem::path& model);
};

/// transformers' ViTModel; under their own names also DeiTModel, Dinov2Model and
/// Dinov2WithRegistersModel and TimmWrapperModel: config().model_type tells which was loaded.
/// Weights are immutable after loading and shared between copies: every member is const and may be
/// called from many threads at once, each with its own Context.
class BLIP_API ViTModel {
 public:
  /// `model` is a model directory, a checkpoint file or a hub id, also of a classifier. Throws
  /// missing_tensor or shape_mismatch naming the tensor, or whatever reading the files throws.
  static ViTModel from_pretrained(const std::filesystem::path& model,
                                  const LoadOptions& options = {});

  /// pixel_values: [B, 3, H, W] → B images, whose last_hidden_state [N, E] has been through the
  /// last norm. N: the class token, DeiT's distillation token or DINOv2's registers, a token for
  /// each patch. Another size than the model's is read as with transformers'
  /// `interpolate_pos_encoding=True`.
  [[nodiscard]] std::vector<EncodedImage> encode_images(TensorView pixel_values,
                                                        Context& context) const;

  /// transformers' `pooler_output`: of DINOv2 and timm's models the class token (of a distilled one
  /// the mean with the distillation token), of ViT and DeiT what a trained
  /// pooler makes of it → [images, P]. Throws unsupported where the checkpoint has no pooler (for
  /// which transformers makes up a random one).
  [[nodiscard]] Tensor pooler_output(std::span<const EncodedImage> images, Context& context) const;
  [[nodiscard]] bool has_pooler_output() const noexcept;
  /// The class tokens of last_hidden_state: → [images, E]
  [[nodiscard]] Tensor class_token(std::span<const EncodedImage> images) const;

  [[nodiscard]] const ViTConfig& config() const noexcept;
  /// Tensors of the checkpoint that this architecture does not use, sorted by name.
  [[nodiscard]] const std::vector<std::string>& ignored_tensors() const noexcept;

 private:
  struct Model;
  explicit ViTModel(std::shared_ptr<const Model> model);
  std::shared_ptr<const Model> model_;
};

/// transformers' ViTForImageClassification; under their own names also
/// DeiTForImageClassification, DeiTForImageClassificationWithTeacher, Dinov2ForImageClassification,
/// Dinov2WithRegistersForImageClassification and TimmWrapperForImageClassification:
/// config().architecture tells which was loaded.
/// What was said of ViTModel holds for it.
class BLIP_API ViTForImageClassification {
 public:
  /// Throws unsupported for a model that has no classifier, or as ViTModel does.
  static ViTForImageClassification from_pretrained(const std::filesystem::path& model,
                                                   const LoadOptions& options = {});

  /// pixel_values: [B, 3, H, W] → [B, num_labels], before softmax. Of
  /// DeiTForImageClassificationWithTeacher the mean of both heads.
  [[nodiscard]] Tensor logits(TensorView pixel_values, Context& context) const;

  [[nodiscard]] const ViTConfig& config() const noexcept;
  [[nodiscard]] const std::vector<std::string>& ignored_tensors() const noexcept;

 private:
  struct Model;
  explicit ViTForImageClassification(std::shared_ptr<const Model> model);
  std::shared_ptr<const Model> model_;
};

using DeiTModel = ViTModel;
using Dinov2Model = ViTModel;
using Dinov2WithRegistersModel = ViTModel;
using TimmWrapperModel = ViTModel;
using DeiTForImageClassification = ViTForImageClassification;
using DeiTForImageClassificationWithTeacher = ViTForImageClassification;
using Dinov2ForImageClassification = ViTForImageClassification;
using Dinov2WithRegistersForImageClassification = ViTForImageClassification;
using TimmWrapperForImageClassification = ViTForImageClassification;

}  // namespace blip
