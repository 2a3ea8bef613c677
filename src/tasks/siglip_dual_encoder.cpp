// SigLIP as a dual encoder.
#include <utility>

#include "architectures/siglip/family.hpp"
#include "blip/siglip.hpp"
#include "tasks/dual_encoder.hpp"
#include "tasks/embedding.hpp"

namespace blip {
namespace {

class SiglipEncoder final : public DualEncoder {
 public:
  SiglipEncoder(std::shared_ptr<const Tokenizer> tokenizer, SiglipModel model)
      : tokenizer_(std::move(tokenizer)), model_(std::move(model)) {}

  [[nodiscard]] std::string_view architecture() const noexcept override {
    return kSiglipModel.name;
  }
  [[nodiscard]] LabelSimilarity label_similarity() const noexcept override {
    return {.scale = model_.similarity_scale(),
            .bias = model_.similarity_bias(),
            .scores = LabelScores::sigmoid};
  }

  [[nodiscard]] const Tokenizer& tokenizer() const override { return *tokenizer_; }
  // As many tokens as the model has positions: a longer text loses its last words, a shorter one is
  // padded, as SigLIP was trained.
  [[nodiscard]] std::vector<TokenId> tokens(std::string_view text,
                                            TextStyle /*style*/) const override {
    EncodeOptions options;
    options.max_length =
        static_cast<std::size_t>(model_.config().text_config.max_position_embeddings);
    std::vector<TokenId> ids = tokenizer_->encode(text, options);
    ids.resize(options.max_length, tokenizer_->special_tokens().pad);
    return ids;
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
  std::shared_ptr<const Tokenizer> tokenizer_;
  SiglipModel model_;
};

}  // namespace

std::shared_ptr<const DualEncoder> open_siglip_dual_encoder(
    const std::filesystem::path& model, std::shared_ptr<const Tokenizer> tokenizer,
    const LoadOptions& options, MatchingHead /*matching_head*/) {
  return std::make_shared<const SiglipEncoder>(std::move(tokenizer),
                                               SiglipModel::from_pretrained(model, options));
}

}  // namespace blip
