// CLIPModel and its towers with their projections.
#include "blip/clip.hpp"

#include <cmath>
#include <utility>

#include "architectures/clip/family.hpp"
#include "tasks/clip_files.hpp"
#include "tasks/clip_towers.hpp"
#include "tasks/embedding.hpp"
#include "tasks/image_memory.hpp"

namespace blip {

struct CLIPModel::Model {
  CLIPConfig config;
  ModelWeights weights;
  ClipImages images;
  ClipTexts texts;
  float logit_scale;  // a logarithm
};

CLIPModel::CLIPModel(std::shared_ptr<const Model> model) : model_(std::move(model)) {}

CLIPModel CLIPModel::from_pretrained(const std::filesystem::path& model,
                                     const LoadOptions& options) {
  ClipFiles files(model, options, kCLIPModel);
  WeightLoader& loader = files.weights.loader();
  ClipImages images(loader, files.config.vision_config, files.config.projection_dim);
  ClipTexts texts(loader, files.config.text_config, files.config.projection_dim);
  const float logit_scale = load_clip_logit_scale(loader);
  return CLIPModel(
      std::make_shared<const Model>(Model{std::move(files.config), files.weights.finish(),
                                          std::move(images), std::move(texts), logit_scale}));
}

const CLIPConfig& CLIPModel::config() const noexcept {
  return model_->config;
}

const std::vector<std::string>& CLIPModel::ignored_tensors() const noexcept {
  return model_->weights.ignored_tensors;
}

std::vector<EncodedImage> CLIPModel::encode_images(TensorView pixel_values,
                                                   Context& context) const {
  return blip::encode_images(model_->images.vision, pixel_values, context);
}

Tensor CLIPModel::get_image_features(std::span<const EncodedImage> images, Context& context) const {
  return model_->images.features(images, context);
}

Tensor CLIPModel::get_text_features(std::span<const std::vector<TokenId>> texts,
                                    Context& context) const {
  return model_->texts.features(texts, context);
}

Tensor CLIPModel::logits_per_image(TensorView image_features, TensorView text_features) const {
  return scaled_cosines(image_features, text_features, config().projection_dim, similarity_scale());
}

float CLIPModel::similarity_scale() const noexcept {
  return std::exp(model_->logit_scale);
}

struct CLIPVisionModelWithProjection::Model {
  CLIPConfig config;
  ModelWeights weights;
  ClipImages images;
};

CLIPVisionModelWithProjection::CLIPVisionModelWithProjection(std::shared_ptr<const Model> model)
    : model_(std::move(model)) {}

CLIPVisionModelWithProjection CLIPVisionModelWithProjection::from_pretrained(
    const std::filesystem::path& model, const LoadOptions& options) {
  ClipFiles files(model, options, kCLIPVisionModelWithProjection);
  ClipImages images(files.weights.loader(), files.config.vision_config,
                    files.config.projection_dim);
  return CLIPVisionModelWithProjection(std::make_shared<const Model>(
      Model{std::move(files.config), files.weights.finish(), std::move(images)}));
}

const CLIPConfig& CLIPVisionModelWithProjection::config() const noexcept {
  return model_->config;
}

const std::vector<std::string>& CLIPVisionModelWithProjection::ignored_tensors() const noexcept {
  return model_->weights.ignored_tensors;
}

std::vector<EncodedImage> CLIPVisionModelWithProjection::encode_images(TensorView pixel_values,
                                                                       Context& context) const {
  return blip::encode_images(model_->images.vision, pixel_values, context);
}

Tensor CLIPVisionModelWithProjection::image_embeds(std::span<const EncodedImage> images,
                                                   Context& context) const {
  return model_->images.features(images, context);
}

struct CLIPTextModelWithProjection::Model {
  CLIPConfig config;
  ModelWeights weights;
  ClipTexts texts;
};

CLIPTextModelWithProjection::CLIPTextModelWithProjection(std::shared_ptr<const Model> model)
    : model_(std::move(model)) {}

CLIPTextModelWithProjection CLIPTextModelWithProjection::from_pretrained(
    const std::filesystem::path& model, const LoadOptions& options) {
  ClipFiles files(model, options, kCLIPTextModelWithProjection);
  ClipTexts texts(files.weights.loader(), files.config.text_config, files.config.projection_dim);
  return CLIPTextModelWithProjection(std::make_shared<const Model>(
      Model{std::move(files.config), files.weights.finish(), std::move(texts)}));
}

const CLIPConfig& CLIPTextModelWithProjection::config() const noexcept {
  return model_->config;
}

const std::vector<std::string>& CLIPTextModelWithProjection::ignored_tensors() const noexcept {
  return model_->weights.ignored_tensors;
}

Tensor CLIPTextModelWithProjection::text_embeds(std::span<const std::vector<TokenId>> texts,
                                                Context& context) const {
  return model_->texts.features(texts, context);
}

Tensor CLIPTextModelWithProjection::last_hidden_state(std::span<const TokenId> text,
                                                      Context& context) const {
  return model_->texts.states(text, context);
}

}  // namespace blip
