// CLIP as a dual encoder: the whole model, or one of its towers.
#include <string>
#include <utility>

#include "architectures/clip/family.hpp"
#include "blip/clip.hpp"
#include "blip/error.hpp"
#include "tasks/dual_encoder.hpp"
#include "tasks/embedding.hpp"

namespace blip {
namespace {

std::size_t context_length_of(const CLIPConfig& config) {
  return static_cast<std::size_t>(config.text_config.max_position_embeddings);
}

// As many tokens as the model has positions: a longer text loses its last words.
std::vector<TokenId> clip_tokens(const Tokenizer& tokenizer, std::string_view text,
                                 const CLIPConfig& config) {
  EncodeOptions options;
  options.max_length = context_length_of(config);
  return tokenizer.encode(text, options);
}

class WholeClip final : public DualEncoder {
 public:
  WholeClip(std::shared_ptr<const Tokenizer> tokenizer, CLIPModel model)
      : tokenizer_(std::move(tokenizer)), model_(std::move(model)) {}

  [[nodiscard]] std::string_view architecture() const noexcept override { return kCLIPModel.name; }
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
  std::shared_ptr<const Tokenizer> tokenizer_;
  CLIPModel model_;
};

class ClipTextTower final : public DualEncoder {
 public:
  ClipTextTower(std::shared_ptr<const Tokenizer> tokenizer, CLIPTextModelWithProjection model)
      : tokenizer_(std::move(tokenizer)), model_(std::move(model)) {}

  [[nodiscard]] std::string_view architecture() const noexcept override {
    return kCLIPTextModelWithProjection.name;
  }

  [[nodiscard]] const Tokenizer& tokenizer() const override { return *tokenizer_; }
  [[nodiscard]] std::vector<TokenId> tokens(std::string_view text,
                                            TextStyle /*style*/) const override {
    return clip_tokens(*tokenizer_, text, model_.config());
  }
  [[nodiscard]] std::size_t context_length() const override {
    return context_length_of(model_.config());
  }
  [[nodiscard]] std::vector<EncodedImage> encode_images(TensorView /*pixel_values*/,
                                                        Context& /*context*/) const override {
    throw reads_no_images();
  }
  [[nodiscard]] Tensor embed_images(std::span<const EncodedImage> /*images*/,
                                    Context& /*context*/) const override {
    throw reads_no_images();
  }
  [[nodiscard]] Tensor embed_texts(std::span<const std::vector<TokenId>> texts, TextStyle /*style*/,
                                   Context& context) const override {
    Tensor features = model_.text_embeds(texts, context);
    normalize_rows(features);
    return features;
  }

 private:
  [[nodiscard]] Error reads_no_images() const {
    return {ErrorCode::unsupported, "a " + std::string(architecture()) + " reads no images"};
  }

  std::shared_ptr<const Tokenizer> tokenizer_;
  CLIPTextModelWithProjection model_;
};

class ClipVisionTower final : public DualEncoder {
 public:
  explicit ClipVisionTower(CLIPVisionModelWithProjection model) : model_(std::move(model)) {}

  [[nodiscard]] std::string_view architecture() const noexcept override {
    return kCLIPVisionModelWithProjection.name;
  }

  [[nodiscard]] std::vector<EncodedImage> encode_images(TensorView pixel_values,
                                                        Context& context) const override {
    return model_.encode_images(pixel_values, context);
  }
  [[nodiscard]] Tensor embed_images(std::span<const EncodedImage> images,
                                    Context& context) const override {
    Tensor features = model_.image_embeds(images, context);
    normalize_rows(features);
    return features;
  }

 private:
  CLIPVisionModelWithProjection model_;
};

}  // namespace

std::shared_ptr<const DualEncoder> open_clip_dual_encoder(
    const std::filesystem::path& model, std::shared_ptr<const Tokenizer> tokenizer,
    const LoadOptions& options, MatchingHead /*matching_head*/) {
  const Architecture& architecture = kClipFamily.architecture_of(model);
  if (&architecture == &kCLIPVisionModelWithProjection) {
    return std::make_shared<const ClipVisionTower>(
        CLIPVisionModelWithProjection::from_pretrained(model, options));
  }
  if (&architecture == &kCLIPTextModelWithProjection) {
    return std::make_shared<const ClipTextTower>(
        std::move(tokenizer), CLIPTextModelWithProjection::from_pretrained(model, options));
  }
  return std::make_shared<const WholeClip>(std::move(tokenizer),
                                           CLIPModel::from_pretrained(model, options));
}

}  // namespace blip
