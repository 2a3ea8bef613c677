// A model with CLIP's two towers as a dual encoder.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "architectures/architecture.hpp"
#include "tasks/feature_dual_encoder.hpp"

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
class WholeClip final : public FeatureDualEncoder<Model> {
 public:
  WholeClip(const Architecture& architecture, std::shared_ptr<const Tokenizer> tokenizer,
            Model model)
      : FeatureDualEncoder<Model>(std::move(tokenizer), std::move(model)),
        architecture_(architecture) {}

  [[nodiscard]] std::string_view architecture() const noexcept override {
    return architecture_.name;
  }
  [[nodiscard]] LabelSimilarity label_similarity() const noexcept override {
    return {.scale = this->model().similarity_scale()};
  }
  [[nodiscard]] std::vector<TokenId> tokens(std::string_view text,
                                            TextStyle /*style*/) const override {
    return clip_tokens(this->tokenizer(), text, this->model().config());
  }
  [[nodiscard]] std::size_t context_length() const override {
    return context_length_of(this->model().config());
  }

 private:
  const Architecture& architecture_;
};

template <typename Model>
std::shared_ptr<const DualEncoder> whole_clip(const Architecture& architecture,
                                              std::shared_ptr<const Tokenizer> tokenizer,
                                              Model model) {
  return std::make_shared<const WholeClip<Model>>(architecture, std::move(tokenizer),
                                                  std::move(model));
}

}  // namespace blip
