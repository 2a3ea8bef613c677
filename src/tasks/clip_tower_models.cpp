// CLIP's towers alone, without their projections.
#include <utility>

#include "architectures/clip/family.hpp"
#include "blip/clip.hpp"
#include "tasks/clip_files.hpp"
#include "tasks/clip_towers.hpp"
#include "tasks/image_memory.hpp"

namespace blip {

struct CLIPVisionModel::Model {
  CLIPConfig config;
  ModelWeights weights;
  ClipImages images;
};

CLIPVisionModel::CLIPVisionModel(std::shared_ptr<const Model> model) : model_(std::move(model)) {}

CLIPVisionModel CLIPVisionModel::from_pretrained(const std::filesystem::path& model,
                                                 const LoadOptions& options) {
  ClipFiles files(model, options, kCLIPVisionModel);
  ClipImages images(files.weights.loader(), files.config.vision_config, std::nullopt);
  return CLIPVisionModel(std::make_shared<const Model>(
      Model{std::move(files.config), files.weights.finish(), std::move(images)}));
}

const CLIPConfig& CLIPVisionModel::config() const noexcept {
  return model_->config;
}

const std::vector<std::string>& CLIPVisionModel::ignored_tensors() const noexcept {
  return model_->weights.ignored_tensors;
}

std::vector<EncodedImage> CLIPVisionModel::encode_images(TensorView pixel_values,
                                                         Context& context) const {
  return blip::encode_images(model_->images.vision, pixel_values, context);
}

Tensor CLIPVisionModel::pooler_output(std::span<const EncodedImage> images) const {
  return model_->images.pooled(images);
}

struct CLIPTextModel::Model {
  CLIPConfig config;
  ModelWeights weights;
  ClipTexts texts;
};

CLIPTextModel::CLIPTextModel(std::shared_ptr<const Model> model) : model_(std::move(model)) {}

CLIPTextModel CLIPTextModel::from_pretrained(const std::filesystem::path& model,
                                             const LoadOptions& options) {
  ClipFiles files(model, options, kCLIPTextModel);
  ClipTexts texts(files.weights.loader(), files.config.text_config, std::nullopt);
  return CLIPTextModel(std::make_shared<const Model>(
      Model{std::move(files.config), files.weights.finish(), std::move(texts)}));
}

const CLIPConfig& CLIPTextModel::config() const noexcept {
  return model_->config;
}

const std::vector<std::string>& CLIPTextModel::ignored_tensors() const noexcept {
  return model_->weights.ignored_tensors;
}

Tensor CLIPTextModel::pooler_output(std::span<const std::vector<TokenId>> texts,
                                    Context& context) const {
  return model_->texts.pooled(texts, context);
}

Tensor CLIPTextModel::last_hidden_state(std::span<const TokenId> text, Context& context) const {
  return model_->texts.states(text, context);
}

}  // namespace blip
