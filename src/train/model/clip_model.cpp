#include "train/model/clip_model.hpp"

#include <cmath>
#include <limits>
#include <string>

#include "architectures/clip/towers.hpp"
#include "blip/error.hpp"
#include "train/model/image_text_encoder.hpp"

namespace blip::train {
namespace {

torch::Tensor activated(const torch::Tensor& x, Activation activation) {
  constexpr double kQuick = 1.702;
  switch (activation) {
    case Activation::quick_gelu:
      return x * torch::sigmoid(kQuick * x);
    case Activation::tanh_gelu:
      return torch::gelu(x, "tanh");
    case Activation::gelu:
      break;
  }
  return torch::gelu(x);
}

// What a token sees: those before it and itself. → [T, T], 0 or -infinity
torch::Tensor causal_mask(std::int64_t length, const torch::TensorOptions& options) {
  return torch::full({length, length}, -std::numeric_limits<double>::infinity(), options).triu(1);
}

// Adds what the towers have in common, by the names that transformers has for it. A model that
// starts from nothing is not to be had, so initial values are of no interest.
class TowerBuilder {
 public:
  TowerBuilder(Parameters& parameters, std::string prefix, std::int64_t width, double eps)
      : parameters_(parameters), prefix_(std::move(prefix)), width_(width), eps_(eps) {}

  [[nodiscard]] torch::Tensor tensor(const std::string& name, torch::IntArrayRef shape) const {
    return parameters_.add(prefix_ + name, shape, Role::trained, {});
  }
  [[nodiscard]] LayerNorm norm(const std::string& name) const {
    return add_layer_norm(parameters_, prefix_ + name, width_, eps_, Role::trained);
  }
  [[nodiscard]] Linear linear(const std::string& name, std::int64_t outputs,
                              std::int64_t inputs) const {
    return add_linear(parameters_, prefix_ + name, outputs, inputs, Role::trained, {});
  }

  [[nodiscard]] ClipEncoder encoder(int layers, int heads, int inner, Activation activation) const {
    ClipEncoder encoder{.heads = heads, .activation = activation, .blocks = {}};
    for (int i = 0; i < layers; ++i) {
      const std::string layer = "encoder.layers." + std::to_string(i) + ".";
      ClipBlock block;
      block.query = linear(layer + "self_attn.q_proj", width_, width_);
      block.key = linear(layer + "self_attn.k_proj", width_, width_);
      block.value = linear(layer + "self_attn.v_proj", width_, width_);
      block.projection = linear(layer + "self_attn.out_proj", width_, width_);
      block.layer_norm1 = norm(layer + "layer_norm1");
      block.fc1 = linear(layer + "mlp.fc1", inner, width_);
      block.fc2 = linear(layer + "mlp.fc2", width_, inner);
      block.layer_norm2 = norm(layer + "layer_norm2");
      encoder.blocks.push_back(block);
    }
    return encoder;
  }

 private:
  Parameters& parameters_;
  std::string prefix_;
  std::int64_t width_;
  double eps_;
};

void add_vision(ClipTrainingModel& model) {
  const CLIPVisionConfig& config = model.config.vision_config;
  const std::int64_t width = config.hidden_size;
  const std::int64_t edge = config.image_size / config.patch_size;
  const TowerBuilder add(model.parameters, "vision_model.", width, config.layer_norm_eps);
  model.class_embedding = add.tensor("embeddings.class_embedding", {width});
  model.patch_embedding = add.tensor("embeddings.patch_embedding.weight",
                                     {width, 3, config.patch_size, config.patch_size});
  model.position_embedding =
      add.tensor("embeddings.position_embedding.weight", {1 + edge * edge, width});
  model.pre_layernorm = add.norm("pre_layrnorm");  // as transformers and all files spell it
  model.vision = add.encoder(config.num_hidden_layers, config.num_attention_heads,
                             config.intermediate_size, activation_called(config.hidden_act));
  model.post_layernorm = add.norm("post_layernorm");
  model.visual_projection.weight = model.parameters.add(
      kClipVisualProjection, {model.config.projection_dim, width}, Role::trained, {});
}

void add_text(ClipTrainingModel& model) {
  const CLIPTextConfig& config = model.config.text_config;
  const std::int64_t width = config.hidden_size;
  const TowerBuilder add(model.parameters, "text_model.", width, config.layer_norm_eps);
  model.token_embedding =
      add.tensor("embeddings.token_embedding.weight", {config.vocab_size, width});
  model.text_position_embedding =
      add.tensor("embeddings.position_embedding.weight", {config.max_position_embeddings, width});
  model.text = add.encoder(config.num_hidden_layers, config.num_attention_heads,
                           config.intermediate_size, activation_called(config.hidden_act));
  model.final_layer_norm = add.norm("final_layer_norm");
  model.text_projection.weight = model.parameters.add(
      kClipTextProjection, {model.config.projection_dim, width}, Role::trained, {});
}

}  // namespace

torch::Tensor ClipEncoder::forward(torch::Tensor x, const torch::Tensor& mask) const {
  for (const ClipBlock& block : blocks) {
    const torch::Tensor h = layer_norm(block.layer_norm1, x);
    x = x + linear(block.projection, attention(linear(block.query, h), linear(block.key, h),
                                               linear(block.value, h), mask, heads,
                                               /*dropout=*/0.0));
    const torch::Tensor inner =
        activated(linear(block.fc1, layer_norm(block.layer_norm2, x)), activation);
    x = x + linear(block.fc2, inner);
  }
  return x;
}

torch::Tensor ClipTrainingModel::encode_images(const torch::Tensor& images) const {
  const std::int64_t side = config.vision_config.image_size;
  if (images.dim() != 4 || images.size(1) != 3 || images.size(2) != side ||
      images.size(3) != side) {
    throw Error(ErrorCode::shape_mismatch, "images are " + shape_text(images.sizes()) +
                                               " instead of [B, 3, " + std::to_string(side) + ", " +
                                               std::to_string(side) + "]");
  }
  const torch::Tensor patches =
      torch::conv2d(images, patch_embedding, {}, config.vision_config.patch_size)
          .flatten(2)
          .transpose(1, 2);  // [B, C, S / P, S / P] → [B, N, C]
  const torch::Tensor start = class_embedding.to(patches.dtype()).expand({images.size(0), 1, -1});
  const torch::Tensor x =
      layer_norm(pre_layernorm, torch::cat({start, patches}, 1) + position_embedding);
  const torch::Tensor states = vision.forward(x, {});
  return to_unit_length(linear(visual_projection, layer_norm(post_layernorm, states.select(1, 0))));
}

torch::Tensor ClipTrainingModel::encode_texts(const ClipTexts& texts) const {
  const std::int64_t length = texts.ids.size(1);
  const torch::Tensor x =
      torch::embedding(token_embedding, texts.ids) + text_position_embedding.slice(0, 0, length);
  // What follows a text is padding, which the mask hides from the end of the text.
  const torch::Tensor states =
      layer_norm(final_layer_norm, text.forward(x, causal_mask(length, x.options())));
  const torch::Tensor rows =
      torch::arange(texts.ids.size(0), torch::TensorOptions(torch::kInt64).device(x.device()));
  return to_unit_length(linear(text_projection, states.index({rows, texts.ends})));
}

ClipTrainingModel make_clip_model(const CLIPConfig& config, const torch::Device& device,
                                  torch::Dtype dtype) {
  ClipTrainingModel model;
  model.config = config;
  model.config.architecture = "CLIPModel";
  model.parameters = Parameters(device, dtype);
  add_vision(model);
  add_text(model);
  model.logit_scale = model.parameters.add(kClipLogitScale, {}, Role::trained, {});
  return model;
}

void clamp_logit_scale(const torch::Tensor& logit_scale) {
  const torch::NoGradGuard no_grad;
  torch::Tensor(logit_scale).clamp_(kMinLogitScale, kMaxLogitScale);
}

}  // namespace blip::train
