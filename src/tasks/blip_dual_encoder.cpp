// BLIP's two dual encoders: BlipForImageTextRetrieval, and BlipModel without a matching head.
#include <string>
#include <utility>

#include "architectures/blip/architectures.hpp"
#include "architectures/blip/family.hpp"
#include "blip/image_text_retrieval.hpp"
#include "blip/model.hpp"
#include "tasks/embedding.hpp"
#include "tasks/feature_dual_encoder.hpp"

namespace blip {
namespace {

// One over the temperature that BLIP's contrastive learning begins with. The trained one is not in
// transformers' checkpoints, and does not change the order of labels.
constexpr float kInitialScale = 1.0F / 0.07F;

// Of BLIP's retrieval data sets (COCO and Flickr30k).
constexpr int kOriginalTextWords = 30;

class RetrievalEncoder final : public DualEncoder {
 public:
  RetrievalEncoder(std::shared_ptr<const Tokenizer> tokenizer, BlipForImageTextRetrieval model)
      : tokenizer_(std::move(tokenizer)), model_(std::move(model)) {}

  [[nodiscard]] std::string_view architecture() const noexcept override {
    return kBlipForImageTextRetrieval.name;
  }
  [[nodiscard]] bool has_matching_head() const noexcept override { return true; }
  [[nodiscard]] int max_tokens(TextStyle style) const override {
    return style == TextStyle::hf ? model_.config().text_config.max_position_embeddings
                                  : DualEncoder::max_tokens(style);
  }
  [[nodiscard]] bool has_style(TextStyle /*style*/) const noexcept override { return true; }
  [[nodiscard]] LabelSimilarity label_similarity() const noexcept override {
    return {.scale = kInitialScale};
  }

  [[nodiscard]] const Tokenizer& tokenizer() const override { return *tokenizer_; }
  [[nodiscard]] std::vector<TokenId> tokens(std::string_view text, TextStyle style) const override {
    return style == TextStyle::original ? tokenizer_->encode(pre_caption(text, kOriginalTextWords))
                                        : tokenizer_->encode(text);
  }

  [[nodiscard]] std::vector<EncodedImage> encode_images(TensorView pixel_values,
                                                        Context& context) const override {
    return model_.encode_images(pixel_values, context);
  }
  [[nodiscard]] Tensor embed_images(std::span<const EncodedImage> images,
                                    Context& context) const override {
    return model_.get_image_features(images, context);
  }
  [[nodiscard]] Tensor embed_texts(std::span<const std::vector<TokenId>> texts, TextStyle style,
                                   Context& context) const override {
    return model_.get_text_features(texts, style, context);
  }

  [[nodiscard]] std::vector<Matching> match(const EncodedImage& image,
                                            std::span<const std::vector<TokenId>> texts,
                                            TextStyle style, Context& context) const override {
    const Tensor logits = model_.itm_logits(std::span(&image, 1), texts, style, context);
    std::vector<Matching> matchings;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const auto pair = row_of(logits, i);
      matchings.push_back({.logit = pair[1], .probability = probability_of_second(pair)});
    }
    return matchings;
  }
  [[nodiscard]] GradCam grad_cam(const EncodedImage& image, const std::vector<TokenId>& text,
                                 TextStyle style, const GradCamOptions& options,
                                 Context& context) const override {
    return model_.grad_cam(image, text, style, options, context);
  }

 private:
  std::shared_ptr<const Tokenizer> tokenizer_;
  BlipForImageTextRetrieval model_;
};

class EmbeddingEncoder final : public FeatureDualEncoder<BlipModel> {
 public:
  using FeatureDualEncoder::FeatureDualEncoder;

  [[nodiscard]] std::string_view architecture() const noexcept override { return kBlipModel.name; }
  [[nodiscard]] LabelSimilarity label_similarity() const noexcept override {
    return {.scale = model().similarity_scale()};
  }
  [[nodiscard]] std::vector<TokenId> tokens(std::string_view text,
                                            TextStyle /*style*/) const override {
    return tokenizer().encode(text);
  }
};

}  // namespace

std::shared_ptr<const DualEncoder> open_blip_dual_encoder(
    const std::filesystem::path& model, std::shared_ptr<const Tokenizer> tokenizer,
    const LoadOptions& options, MatchingHead matching_head) {
  // A checkpoint of pre-training, which names another class, is a BlipForImageTextRetrieval as
  // well.
  if (matching_head == MatchingHead::optional &&
      BlipConfig::from_pretrained(model).architecture == kBlipModel.name) {
    return std::make_shared<const EmbeddingEncoder>(std::move(tokenizer),
                                                    BlipModel::from_pretrained(model, options));
  }
  return std::make_shared<const RetrievalEncoder>(
      std::move(tokenizer), BlipForImageTextRetrieval::from_pretrained(model, options));
}

}  // namespace blip
