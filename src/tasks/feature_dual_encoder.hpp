// What every model with transformers' get_image_features and get_text_features does as a dual
// encoder: BlipModel, CLIPModel, ChineseCLIPModel, SiglipModel.
#pragma once

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "tasks/dual_encoder.hpp"
#include "tasks/embedding.hpp"

namespace blip {

/// What its name is, how it reads a text and what makes scores of its cosines is left to whoever
/// derives from it.
template <typename Model>
class FeatureDualEncoder : public DualEncoder {
 public:
  FeatureDualEncoder(std::shared_ptr<const Tokenizer> tokenizer, Model model)
      : tokenizer_(std::move(tokenizer)), model_(std::move(model)) {}

  [[nodiscard]] const Tokenizer& tokenizer() const final { return *tokenizer_; }
  [[nodiscard]] std::vector<EncodedImage> encode_images(TensorView pixel_values,
                                                        Context& context) const final {
    return model_.encode_images(pixel_values, context);
  }
  // The features of these models are not of unit length.
  [[nodiscard]] Tensor embed_images(std::span<const EncodedImage> images,
                                    Context& context) const final {
    Tensor features = model_.get_image_features(images, context);
    normalize_rows(features);
    return features;
  }
  [[nodiscard]] Tensor embed_texts(std::span<const std::vector<TokenId>> texts, TextStyle /*style*/,
                                   Context& context) const final {
    Tensor features = model_.get_text_features(texts, context);
    normalize_rows(features);
    return features;
  }

 protected:
  [[nodiscard]] const Model& model() const noexcept { return model_; }

 private:
  std::shared_ptr<const Tokenizer> tokenizer_;
  Model model_;
};

}  // namespace blip
