// ViTModel and ViTForImageClassification, of every model type.
#include "blip/vit.hpp"

#include <cmath>
#include <iterator>
#include <optional>
#include <utility>

#include "architectures/vit/architectures.hpp"
#include "architectures/vit/config.hpp"
#include "blip/error.hpp"
#include "checkpoint/model_source.hpp"
#include "core/scratch.hpp"
#include "model/vision_model.hpp"
#include "tasks/embedding.hpp"
#include "tasks/image_memory.hpp"
#include "tasks/model_weights.hpp"
#include "tasks/patch_mean.hpp"
#include "tasks/pixel_values.hpp"

namespace blip {
namespace {

// In a classifier's file the transformer's tensors have a prefix.
std::string prefix_in(const WeightLoader& loader, const ViTConfig& config) {
  const std::string prefix = vit_prefix(config);
  const VisionTransformer tower = vision_transformer_of(config, prefix);
  return loader.contains(prefix + tower.names.class_token) ? prefix : "";
}

// class_tokens: [images, E] → the mean of each with the image's second token
void average_with_distillation_tokens(std::span<const EncodedImage> images, Tensor& class_tokens) {
  const auto width = static_cast<std::size_t>(class_tokens.shape.back());
  float* value = class_tokens.data.data();
  for (const EncodedImage& image : images) {
    const auto second = std::span(image.last_hidden_state().data).subspan(width, width);
    for (const float other : second) {
      *value = (*value + other) / 2.0F;
      ++value;
    }
  }
}

// What a classifier reads of images.
using Readings = std::vector<float>;

}  // namespace

struct ViTModel::Model {
  ViTConfig config;
  ModelWeights weights;
  VisionModel vision;
  std::optional<Linear> pooler;  // [P, E], then tanh
};

ViTModel::ViTModel(std::shared_ptr<const Model> model) : model_(std::move(model)) {}

ViTModel ViTModel::from_pretrained(const std::filesystem::path& model, const LoadOptions& options) {
  const ModelSource source =
      resolve_source(model.native(), options.adapter.native(), options.progress, options.hub);
  const std::filesystem::path& path = source.model;
  ViTConfig config = ViTConfig::from_pretrained(path);
  static_cast<void>(vit_architecture(config));  // refuses what is none of the family's
  WeightsOpener weights(source, options);
  WeightLoader& loader = weights.loader();
  const std::string prefix = prefix_in(loader, config);
  VisionModel vision(loader, vision_transformer_of(config, prefix));
  std::optional<Linear> pooler;
  if (loader.contains(prefix + "pooler.dense.weight")) {
    if (config.pooler_act != "tanh") {
      throw Error(ErrorCode::unsupported,
                  path.string() + ": pooler_act must be \"tanh\" to be supported");
    }
    pooler = loader.linear(prefix + "pooler.dense", config.pooler_output_size, config.hidden_size);
  }
  return ViTModel(std::make_shared<const Model>(
      Model{std::move(config), weights.finish(), std::move(vision), pooler}));
}

const ViTConfig& ViTModel::config() const noexcept {
  return model_->config;
}

const std::vector<std::string>& ViTModel::ignored_tensors() const noexcept {
  return model_->weights.ignored_tensors;
}

std::vector<EncodedImage> ViTModel::encode_images(TensorView pixel_values, Context& context) const {
  return blip::encode_images(model_->vision, pixel_values, context);
}

bool ViTModel::has_pooler_output() const noexcept {
  const std::string& type = model_->config.model_type;
  return model_->pooler || model_->config.timm || type == kDinov2Type ||
         type == kDinov2RegistersType;
}

Tensor ViTModel::class_token(std::span<const EncodedImage> images) const {
  const std::int64_t width = model_->vision.hidden_size();
  return {{std::ssize(images), width}, class_tokens(images, width)};
}

Tensor ViTModel::pooler_output(std::span<const EncodedImage> images, Context& context) const {
  if (!has_pooler_output()) {
    throw Error(ErrorCode::unsupported,
                "the model has no pooler: its class token is what there is");
  }
  Tensor tokens = class_token(images);
  if (model_->config.timm && model_->config.timm->distillation_token) {
    average_with_distillation_tokens(images, tokens);
  }
  if (!model_->pooler) return tokens;
  Tensor pooled = project(tokens.data.data(), std::ssize(images), *model_->pooler, context);
  for (float& value : pooled.data) value = std::tanh(value);
  return pooled;
}

struct ViTForImageClassification::Model {
  ViTConfig config;
  ModelWeights weights;
  VisionModel vision;
  VitHead head;
  Linear classifier;                                  // [labels, E], or of DINOv2 [labels, 2E]
  std::optional<Linear> distillation = std::nullopt;  // [labels, E]
};

ViTForImageClassification::ViTForImageClassification(std::shared_ptr<const Model> model)
    : model_(std::move(model)) {}

ViTForImageClassification ViTForImageClassification::from_pretrained(
    const std::filesystem::path& model, const LoadOptions& options) {
  const ModelSource source =
      resolve_source(model.native(), options.adapter.native(), options.progress, options.hub);
  const std::filesystem::path& path = source.model;
  ViTConfig config = ViTConfig::from_pretrained(path);
  const VitHead head = vit_head(config);
  if (head == VitHead::none) {
    throw Error(ErrorCode::unsupported, path.string() + ": is a " + vit_architecture(config).name +
                                            ", which has no classes");
  }
  WeightsOpener weights(source, options);
  WeightLoader& loader = weights.loader();
  VisionModel vision(loader, vision_transformer_of(config, vit_prefix(config)));
  const std::int64_t width = config.hidden_size;
  const auto labels = std::ssize(config.labels);
  std::optional<Linear> distillation;
  const VitHeadNames names = vit_head_names(config);
  const Linear classifier = loader.linear(
      names.classifier, labels, head == VitHead::class_token_and_mean ? 2 * width : width);
  if (head == VitHead::class_and_distillation_token) {
    distillation = loader.linear(names.distillation, labels, width);
  }
  return ViTForImageClassification(std::make_shared<const Model>(Model{
      std::move(config), weights.finish(), std::move(vision), head, classifier, distillation}));
}

const ViTConfig& ViTForImageClassification::config() const noexcept {
  return model_->config;
}

const std::vector<std::string>& ViTForImageClassification::ignored_tensors() const noexcept {
  return model_->weights.ignored_tensors;
}

Tensor ViTForImageClassification::logits(TensorView pixel_values, Context& context) const {
  const PixelSizes sizes = sizes_of_pixels(pixel_values);
  const VisionModel& vision = model_->vision;
  const std::int64_t tokens = vision.token_count(sizes.height, sizes.width);
  const std::int64_t width = vision.hidden_size();
  const Scratch::Frame frame(context.scratch());
  auto* states =
      context.scratch().allocate<float>(static_cast<std::size_t>(sizes.count * tokens * width));
  vision.encode(pixel_values.data.data(), sizes.count, sizes.height, sizes.width, states, context);

  Readings readings;  // what the classifier reads of each image, one after the other
  Readings distilled;
  for (std::int64_t image = 0; image < sizes.count; ++image) {
    const float* state = states + image * tokens * width;
    readings.insert(readings.end(), state, state + width);
    if (model_->head == VitHead::class_token_and_mean) {
      append_patch_mean(state, tokens, vision.description().leading_tokens(), width, readings);
    }
    if (model_->distillation) distilled.insert(distilled.end(), state + width, state + 2 * width);
  }
  Tensor logits = project(readings.data(), sizes.count, model_->classifier, context);
  if (model_->distillation) {
    const Tensor others = project(distilled.data(), sizes.count, *model_->distillation, context);
    for (std::size_t i = 0; i < logits.data.size(); ++i) {
      logits.data[i] = (logits.data[i] + others.data[i]) / 2.0F;
    }
  }
  return logits;
}

}  // namespace blip
