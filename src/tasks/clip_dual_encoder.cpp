// CLIP as a dual encoder: the whole model, or one of its towers.
#include <string>
#include <utility>

#include "architectures/clip/family.hpp"
#include "blip/clip.hpp"
#include "blip/error.hpp"
#include "tasks/dual_encoder.hpp"
#include "tasks/embedding.hpp"
#include "tasks/whole_clip.hpp"

namespace blip {
namespace {

Tensor embeds_of(const CLIPTextModelWithProjection& model,
                 std::span<const std::vector<TokenId>> texts, Context& context) {
  return model.text_embeds(texts, context);
}

Tensor embeds_of(const CLIPTextModel& model, std::span<const std::vector<TokenId>> texts,
                 Context& context) {
  return model.pooler_output(texts, context);
}

Tensor embeds_of(const CLIPVisionModelWithProjection& model, std::span<const EncodedImage> images,
                 Context& context) {
  return model.image_embeds(images, context);
}

Tensor embeds_of(const CLIPVisionModel& model, std::span<const EncodedImage> images,
                 Context& /*context*/) {
  return model.pooler_output(images);
}

template <typename Model>
class ClipTextTower final : public DualEncoder {
 public:
  ClipTextTower(const Architecture& architecture, std::shared_ptr<const Tokenizer> tokenizer,
                Model model)
      : architecture_(architecture), tokenizer_(std::move(tokenizer)), model_(std::move(model)) {}

  [[nodiscard]] std::string_view architecture() const noexcept override {
    return architecture_.name;
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
    Tensor features = embeds_of(model_, texts, context);
    normalize_rows(features);
    return features;
  }

 private:
  [[nodiscard]] Error reads_no_images() const {
    return {ErrorCode::unsupported, "a " + std::string(architecture()) + " reads no images"};
  }

  const Architecture& architecture_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  Model model_;
};

template <typename Model>
class ClipVisionTower final : public DualEncoder {
 public:
  ClipVisionTower(const Architecture& architecture, Model model)
      : architecture_(architecture), model_(std::move(model)) {}

  [[nodiscard]] std::string_view architecture() const noexcept override {
    return architecture_.name;
  }

  [[nodiscard]] std::vector<EncodedImage> encode_images(TensorView pixel_values,
                                                        Context& context) const override {
    return model_.encode_images(pixel_values, context);
  }
  [[nodiscard]] Tensor embed_images(std::span<const EncodedImage> images,
                                    Context& context) const override {
    Tensor features = embeds_of(model_, images, context);
    normalize_rows(features);
    return features;
  }

 private:
  const Architecture& architecture_;
  Model model_;
};

template <typename Model>
std::shared_ptr<const DualEncoder> text_tower(const Architecture& architecture,
                                              std::shared_ptr<const Tokenizer> tokenizer,
                                              Model model) {
  return std::make_shared<const ClipTextTower<Model>>(architecture, std::move(tokenizer),
                                                      std::move(model));
}

template <typename Model>
std::shared_ptr<const DualEncoder> vision_tower(const Architecture& architecture, Model model) {
  return std::make_shared<const ClipVisionTower<Model>>(architecture, std::move(model));
}

}  // namespace

std::shared_ptr<const DualEncoder> open_clip_dual_encoder(
    const std::filesystem::path& model, std::shared_ptr<const Tokenizer> tokenizer,
    const LoadOptions& options, MatchingHead /*matching_head*/) {
  const Architecture& architecture = kClipFamily.architecture_of(model);
  if (&architecture == &kCLIPVisionModelWithProjection) {
    return vision_tower(architecture,
                        CLIPVisionModelWithProjection::from_pretrained(model, options));
  }
  if (&architecture == &kCLIPVisionModel) {
    return vision_tower(architecture, CLIPVisionModel::from_pretrained(model, options));
  }
  if (&architecture == &kCLIPTextModelWithProjection) {
    return text_tower(architecture, std::move(tokenizer),
                      CLIPTextModelWithProjection::from_pretrained(model, options));
  }
  if (&architecture == &kCLIPTextModel) {
    return text_tower(architecture, std::move(tokenizer),
                      CLIPTextModel::from_pretrained(model, options));
  }
  return whole_clip(architecture, std::move(tokenizer), CLIPModel::from_pretrained(model, options));
}

}  // namespace blip
