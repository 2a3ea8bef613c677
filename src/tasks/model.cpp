#include "blip/model.hpp"

#include <cmath>
#include <utility>

#include "architectures/blip/architectures.hpp"
#include "architectures/blip/vision_transformer.hpp"
#include "model/text_encoder.hpp"
#include "model/vision_model.hpp"
#include "tasks/embedding.hpp"
#include "tasks/image_memory.hpp"
#include "tasks/logit_scale.hpp"
#include "tasks/model_files.hpp"
#include "tasks/text_rows.hpp"

namespace blip {

struct BlipModel::Model {
  ModelFiles files;
  VisionModel vision;
  TextModel text;
  Linear pooler;             // [H, H], then tanh
  Linear visual_projection;  // [P, E], no bias
  Linear text_projection;    // [P, H], no bias
  float logit_scale;         // a logarithm

  // first: [texts, H], the first tokens' states → [texts, P]
  [[nodiscard]] Tensor pool(const std::vector<float>& first, std::size_t texts,
                            Context& context) const {
    const auto rows = static_cast<std::int64_t>(texts);
    Tensor pooled = project(first.data(), rows, pooler, context);
    for (float& value : pooled.data) value = std::tanh(value);
    return project(pooled.data.data(), rows, text_projection, context);
  }
};

BlipModel::BlipModel(std::shared_ptr<const Model> model) : model_(std::move(model)) {}

BlipModel BlipModel::from_pretrained(const std::filesystem::path& model,
                                     const LoadOptions& options) {
  ModelOpener opener(model, options, kBlipModel);
  WeightLoader& loader = opener.loader();
  const BlipConfig& config = opener.config();
  const std::int64_t text_width = config.text_config.hidden_size;
  const std::int64_t width = config.projection_dim;
  VisionModel vision(loader, vision_transformer_of(config.vision_config, "vision_model."));
  TextModel text =
      load_text_model(loader, config.text_config, "text_model.", Int8Inputs::quantized);
  const Linear pooler = loader.linear("text_model.pooler.dense", text_width, text_width);
  const Linear visual_projection = {
      loader.matrix("visual_projection.weight", {width, config.vision_config.hidden_size}),
      nullptr};
  const Linear text_projection = {loader.matrix("text_projection.weight", {width, text_width}),
                                  nullptr};
  const float logit_scale =
      checked_logit_scale(loader, "logit_scale", *loader.values("logit_scale", {}));
  return BlipModel(std::make_shared<const Model>(Model{opener.finish(), std::move(vision),
                                                       std::move(text), pooler, visual_projection,
                                                       text_projection, logit_scale}));
}

const BlipConfig& BlipModel::config() const noexcept {
  return model_->files.config;
}

const std::vector<std::string>& BlipModel::ignored_tensors() const noexcept {
  return model_->files.ignored_tensors;
}

std::vector<EncodedImage> BlipModel::encode_images(TensorView pixel_values,
                                                   Context& context) const {
  return blip::encode_images(model_->vision, pixel_values, context);
}

Tensor BlipModel::get_image_features(std::span<const EncodedImage> images, Context& context) const {
  const std::int64_t width = model_->vision.hidden_size();
  std::vector<float> tokens = class_tokens(images, width);
  for (std::size_t i = 0; i < images.size(); ++i) {
    float* token = tokens.data() + i * static_cast<std::size_t>(width);
    model_->vision.pool(token, token);
  }
  return project(tokens.data(), static_cast<std::int64_t>(images.size()), model_->visual_projection,
                 context);
}

Tensor BlipModel::get_text_features(std::span<const std::vector<TokenId>> texts,
                                    Context& context) const {
  const BlipTextConfig& config = model_->text.config;
  std::vector<float> first(texts.size() * static_cast<std::size_t>(config.hidden_size));
  encode_first_tokens(model_->text, texts, {}, first.data(), context);
  return model_->pool(first, texts.size(), context);
}

Tensor BlipModel::get_multimodal_features(std::span<const EncodedImage> images,
                                          std::span<const std::vector<TokenId>> texts,
                                          Context& context) const {
  const BlipTextConfig& config = model_->text.config;
  const std::size_t pairs = count_pairs(images.size(), texts.size(), "texts");
  if (pairs == 0) return {{0, model_->text_projection.weight.rows}, {}};
  const TokenRows rows = spread(texts, pairs);
  const auto caches = read_images(images, model_->text, model_, context);
  const auto read = spread<const CrossAttentionCache*>(pointers_to(caches), pairs);
  std::vector<float> first(pairs * static_cast<std::size_t>(config.hidden_size));
  encode_first_tokens(model_->text, rows, read, first.data(), context);
  return model_->pool(first, pairs, context);
}

Tensor BlipModel::logits_per_image(TensorView image_features, TensorView text_features) const {
  return scaled_cosines(image_features, text_features, config().projection_dim, similarity_scale());
}

float BlipModel::similarity_scale() const noexcept {
  return std::exp(model_->logit_scale);
}

}  // namespace blip
