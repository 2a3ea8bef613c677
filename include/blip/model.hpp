// BlipModel: CLIP-style features of images and texts.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "blip/config.hpp"
#include "blip/context.hpp"
#include "blip/encoded_image.hpp"
#include "blip/export.hpp"
#include "blip/load_options.hpp"
#include "blip/tensor.hpp"
#include "blip/tokenizer.hpp"

namespace blip {

/// transformers' BlipModel. No published checkpoint has its text tower; it is for models that you
/// trained.
/// Weights are immutable after loading and shared between copies: every member is const and may be
/// called from many threads at once, each with its own Context.
class BLIP_API BlipModel {
 public:
  /// `model` is a model directory, a checkpoint file or a hub id. Throws missing_tensor or
  /// shape_mismatch naming the tensor, or whatever reading the files throws.
  static BlipModel from_pretrained(const std::filesystem::path& model,
                                   const LoadOptions& options = {});

  /// pixel_values: [B, 3, H, W] → B images
  [[nodiscard]] std::vector<EncodedImage> encode_images(TensorView pixel_values,
                                                        Context& context) const;

  /// transformers' `get_image_features(…).pooler_output`: → [images, P], not normalised.
  /// P = projection_dim. The class token goes through post_layernorm a second time, as there.
  [[nodiscard]] Tensor get_image_features(std::span<const EncodedImage> images,
                                          Context& context) const;
  /// transformers' `get_text_features(…).pooler_output`: → [texts, P], not normalised.
  [[nodiscard]] Tensor get_text_features(std::span<const std::vector<TokenId>> texts,
                                         Context& context) const;
  /// The text read together with its image, projected: → [pairs, P]. Images and texts pair up; a
  /// single image goes with all texts, a single text with all images.
  [[nodiscard]] Tensor get_multimodal_features(std::span<const EncodedImage> images,
                                               std::span<const std::vector<TokenId>> texts,
                                               Context& context) const;
  /// Scaled cosines: image_features [I, P], text_features [T, P] → [I, T].
  [[nodiscard]] Tensor logits_per_image(TensorView image_features, TensorView text_features) const;
  /// exp(logit_scale), which multiplies the cosines.
  [[nodiscard]] float similarity_scale() const noexcept;

  [[nodiscard]] const BlipConfig& config() const noexcept;
  /// Tensors of the checkpoint that this architecture does not use, sorted by name.
  [[nodiscard]] const std::vector<std::string>& ignored_tensors() const noexcept;

 private:
  struct Model;
  explicit BlipModel(std::shared_ptr<const Model> model);
  std::shared_ptr<const Model> model_;
};

}  // namespace blip
