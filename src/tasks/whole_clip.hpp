// A model with CLIP's two towers as a dual encoder.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "architectures/architecture.hpp"
#include "tasks/dual_encoder.hpp"
#include "tasks/embedding.hpp"

namespace blip {

template <typename Config>
std::size_t context_length_of(const Config& config) {
  return static_cast<std::size_t>(config.text_config.max_position_embeddings);
}

/// As many tokens as the model has positions: a longer text loses its last words.
template <typename Config>
std::vector<TokenId> clip_tokens(const Tokenizer& tokenizer, std::string_view text,
                                 const Config& config) {
  EncodeOptions options;
  options.max_length = context_length_of(config);
  return tokenizer.encode(text, options);
}

/// Model: CLIPModel, or another class with its members.
template <typename Model>
class WholeClip final : public DualEncoder {
 public:
  WholeClip(const Architecture& architecture, std::shared_ptr<const Tokenizer> tokenizer,
            Model model)
      : architecture_(architecture), tokenizer_(std::move(tokenizer)), model_(std::move(model)) {}

  [[nodiscard]] std::string_view architecture() const noexcept override {
    return architecture_.name;
  }
  [[nodiscard]] LabelSimilarity label_similarity() const noexcept override {
    return {.scale = model_.similarity_scale()};
  }

  [[nodiscard]] const Tokenizer& tokenizer() const override { return *tokenizer_; }
  [[nodiscard]] std::vector<TokenId> tokens(std::string_view text,
                                            TextStyle /*style*/) const override {
    return clip_tokens(*tokenizer_, text, model_.config());
  }
  [[nodiscard]] std::size_t context_length() const override {
    return context_length_of(model_.config());
  }

  [[nodiscard]] std::vector<EncodedImage> encode_images(TensorView pixel_values,
                                                        Context& context) const override {
    return model_.encode_images(pixel_values, context);
  }
  [[nodiscard]] Tensor embed_images(std::span<const EncodedImage> images,
                                    Context& context) const override {
    Tensor features = model_.get_image_features(images, context);
    normalize_rows(features);
    return features;
  }
  [[nodiscard]] Tensor embed_texts(std::span<const std::vector<TokenId>> texts, TextStyle /*style*/,
                                   Context& context) const override {
    Tensor features = model_.get_text_features(texts, context);
    normalize_rows(features);
    return features;
  }

 private:
  const Architecture& architecture_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  Model model_;
};

template <typename Model>
std::shared_ptr<const DualEncoder> whole_clip(const Architecture& architecture,
                                              std::shared_ptr<const Tokenizer> tokenizer,
                                              Model model) {
  return std::make_shared<const WholeClip<Model>>(architecture, std::move(tokenizer),
                                                  std::move(model));
}

}  // namespace blip
