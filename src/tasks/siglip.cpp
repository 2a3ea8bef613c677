// SiglipModel.
#include "blip/siglip.hpp"

#include <cmath>
#include <utility>

#include "architectures/siglip/family.hpp"
#include "architectures/siglip/towers.hpp"
#include "checkpoint/model_source.hpp"
#include "generate/largest_logit.hpp"
#include "model/attention_pooling.hpp"
#include "model/pre_norm_text_model.hpp"
#include "model/vision_model.hpp"
#include "tasks/embedding.hpp"
#include "tasks/image_memory.hpp"
#include "tasks/logit_scale.hpp"
#include "tasks/model_weights.hpp"

namespace blip {
namespace {

AttentionPoolingShape pooling_shape_of(const SiglipVisionConfig& config) {
  return {.hidden_size = config.hidden_size,
          .intermediate_size = config.intermediate_size,
          .heads = config.num_attention_heads,
          .layer_norm_eps = config.layer_norm_eps,
          .activation = activation_called(config.hidden_act)};
}

// One number, stored as [1], or as [] by open_clip.
float single_value(WeightLoader& loader, const char* name) {
  return loader.shape_of(name).empty() ? *loader.values(name, {}) : *loader.values(name, {1});
}

}  // namespace

struct SiglipModel::Model {
  SiglipConfig config;
  ModelWeights weights;
  VisionModel vision;
  AttentionPooling image_head;
  PreNormTextModel text;
  Linear text_head;   // [E, H]
  float logit_scale;  // a logarithm
  float logit_bias;
};

SiglipModel::SiglipModel(std::shared_ptr<const Model> model) : model_(std::move(model)) {}

SiglipModel SiglipModel::from_pretrained(const std::filesystem::path& model,
                                         const LoadOptions& options) {
  const ModelSource source =
      resolve_source(model.native(), options.adapter.native(), options.progress, options.hub);
  SiglipConfig config = SiglipConfig::from_pretrained(source.model);
  WeightsOpener weights(source, options);
  weights.require(kSiglipModel, config.architecture);
  WeightLoader& loader = weights.loader();
  VisionModel vision(loader, vision_transformer_of(config.vision_config));
  AttentionPooling image_head(loader, kSiglipImageHead, pooling_shape_of(config.vision_config));
  PreNormTextModel text(loader, text_transformer_of(config.text_config));
  const Linear text_head = loader.linear(kSiglipTextHead, config.text_config.projection_size,
                                         config.text_config.hidden_size);
  const float logit_scale =
      checked_logit_scale(loader, kSiglipLogitScale, single_value(loader, kSiglipLogitScale));
  const float logit_bias =
      checked_logit_bias(loader, kSiglipLogitBias, single_value(loader, kSiglipLogitBias));
  return SiglipModel(std::make_shared<const Model>(
      Model{std::move(config), weights.finish(), std::move(vision), std::move(image_head),
            std::move(text), text_head, logit_scale, logit_bias}));
}

const SiglipConfig& SiglipModel::config() const noexcept {
  return model_->config;
}

const std::vector<std::string>& SiglipModel::ignored_tensors() const noexcept {
  return model_->weights.ignored_tensors;
}

std::vector<EncodedImage> SiglipModel::encode_images(TensorView pixel_values,
                                                     Context& context) const {
  return blip::encode_images(model_->vision, pixel_values, context);
}

Tensor SiglipModel::get_image_features(std::span<const EncodedImage> images,
                                       Context& context) const {
  const std::int64_t width = model_->vision.hidden_size();
  require_width(images, width);
  std::vector<ImageTokens> tokens;
  tokens.reserve(images.size());
  for (const EncodedImage& image : images) {
    const Tensor& states = image.last_hidden_state();
    tokens.push_back({states.data.data(), states.shape[0]});
  }
  Tensor features{{std::ssize(images), width}, {}};
  features.data.resize(images.size() * static_cast<std::size_t>(width));
  model_->image_head.pool(tokens, features.data.data(), context);
  require_finite(features.data);
  return features;
}

Tensor SiglipModel::get_text_features(std::span<const std::vector<TokenId>> texts,
                                      Context& context) const {
  std::vector<std::size_t> last;
  last.reserve(texts.size());
  for (const std::vector<TokenId>& ids : texts) last.push_back(ids.empty() ? 0 : ids.size() - 1);
  std::vector<float> pooled(texts.size() *
                            static_cast<std::size_t>(model_->config.text_config.hidden_size));
  model_->text.encode_rows(texts, last, pooled.data(), context);
  return project(pooled.data(), std::ssize(texts), model_->text_head, context);
}

Tensor SiglipModel::logits_per_image(TensorView image_features, TensorView text_features) const {
  Tensor logits = scaled_cosines(image_features, text_features,
                                 config().text_config.projection_size, similarity_scale());
  for (float& logit : logits.data) logit += model_->logit_bias;
  return logits;
}

float SiglipModel::similarity_scale() const noexcept {
  return std::exp(model_->logit_scale);
}

float SiglipModel::similarity_bias() const noexcept {
  return model_->logit_bias;
}

}  // namespace blip
