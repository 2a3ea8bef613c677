// ChineseCLIPModel.
#include "blip/chinese_clip.hpp"

#include <cmath>
#include <utility>

#include "architectures/chinese_clip/config.hpp"
#include "architectures/chinese_clip/family.hpp"
#include "architectures/chinese_clip/tensors.hpp"
#include "architectures/clip/towers.hpp"
#include "checkpoint/model_source.hpp"
#include "model/text_encoder.hpp"
#include "model/text_model.hpp"
#include "tasks/clip_towers.hpp"
#include "tasks/embedding.hpp"
#include "tasks/image_memory.hpp"
#include "tasks/model_weights.hpp"

namespace blip {

struct ChineseCLIPModel::Model {
  ChineseCLIPConfig config;
  ModelWeights weights;
  ClipImages images;
  TextModel text;
  Linear text_projection;  // [P, H], no bias
  float logit_scale;       // a logarithm
};

ChineseCLIPModel::ChineseCLIPModel(std::shared_ptr<const Model> model) : model_(std::move(model)) {}

ChineseCLIPModel ChineseCLIPModel::from_pretrained(const std::filesystem::path& model,
                                                   const LoadOptions& options) {
  const ModelSource source =
      resolve_source(model.native(), options.adapter.native(), options.progress, options.hub);
  ChineseCLIPConfig config = ChineseCLIPConfig::from_pretrained(source.model);
  WeightsOpener weights(source, options);
  weights.require(kChineseCLIPModel, config.architecture);
  WeightLoader& loader = weights.loader();
  ClipImages images(loader, config.vision_config, config.projection_dim);
  const std::int64_t hidden = config.text_config.hidden_size;
  TextModel text =
      load_text_model(loader, bert_config_of(config.text_config), kChineseClipTextPrefix,
                      Int8Inputs::quantized, CrossAttentionWeights::none);
  text.token_type_embedding =
      loader.values(kChineseClipTokenTypes, {config.text_config.type_vocab_size, hidden});
  const Linear projection = {loader.matrix(kClipTextProjection, {config.projection_dim, hidden}),
                             nullptr};
  const float logit_scale = load_clip_logit_scale(loader);
  return ChineseCLIPModel(
      std::make_shared<const Model>(Model{std::move(config), weights.finish(), std::move(images),
                                          std::move(text), projection, logit_scale}));
}

const ChineseCLIPConfig& ChineseCLIPModel::config() const noexcept {
  return model_->config;
}

const std::vector<std::string>& ChineseCLIPModel::ignored_tensors() const noexcept {
  return model_->weights.ignored_tensors;
}

std::vector<EncodedImage> ChineseCLIPModel::encode_images(TensorView pixel_values,
                                                          Context& context) const {
  return blip::encode_images(model_->images.vision, pixel_values, context);
}

Tensor ChineseCLIPModel::get_image_features(std::span<const EncodedImage> images,
                                            Context& context) const {
  return model_->images.features(images, context);
}

Tensor ChineseCLIPModel::get_text_features(std::span<const std::vector<TokenId>> texts,
                                           Context& context) const {
  std::vector<float> states(texts.size() *
                            static_cast<std::size_t>(model_->text.config.hidden_size));
  encode_first_tokens(model_->text, texts, {}, states.data(), context);
  return project(states.data(), std::ssize(texts), model_->text_projection, context);
}

Tensor ChineseCLIPModel::logits_per_image(TensorView image_features,
                                          TensorView text_features) const {
  return scaled_cosines(image_features, text_features, config().projection_dim, similarity_scale());
}

float ChineseCLIPModel::similarity_scale() const noexcept {
  return std::exp(model_->logit_scale);
}

}  // namespace blip
