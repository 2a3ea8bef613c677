#include "architectures/siglip/towers.hpp"

#include <string>

namespace blip {
namespace {

// CLIP's without a class token and a norm before the layers.
constexpr VisionTensorNames kSiglipVisionNames = {
    .positions = "embeddings.position_embedding.weight",
    .patch = "embeddings.patch_embedding",
    .layers = "encoder.layers.",
    .norm1 = "layer_norm1",
    .query = "self_attn.q_proj",
    .key = "self_attn.k_proj",
    .value = "self_attn.v_proj",
    .projection = "self_attn.out_proj",
    .norm2 = "layer_norm2",
    .fc1 = "mlp.fc1",
    .fc2 = "mlp.fc2",
    .last_norm = "post_layernorm"};

void add_attention_pooling(ExpectedTensorList& list, const SiglipVisionConfig& config) {
  const std::string head = kSiglipImageHead;
  const std::int64_t width = config.hidden_size;
  list.add(head + "probe", {1, 1, width});
  // Never int8: the query is always the same, so queries and keys are multiplied once, when
  // loading.
  list.add(head + "attention.in_proj_weight", {3 * width, width});
  list.add(head + "attention.in_proj_bias", {3 * width});
  list.linear(head + "attention.out_proj", width, width);
  list.layer_norm(head + "layernorm", width);
  list.linear(head + "mlp.fc1", config.intermediate_size, width);
  list.linear(head + "mlp.fc2", width, config.intermediate_size);
}

}  // namespace

VisionTransformer vision_transformer_of(const SiglipVisionConfig& config) {
  return {.names = kSiglipVisionNames,
          .prefix = "vision_model.",
          .hidden_size = config.hidden_size,
          .intermediate_size = config.intermediate_size,
          .num_hidden_layers = config.num_hidden_layers,
          .num_attention_heads = config.num_attention_heads,
          .image_size = config.image_size,
          .patch_size = config.patch_size,
          .layer_norm_eps = config.layer_norm_eps,
          .activation = activation_called(config.hidden_act),
          .positions_are_matrix = true};
}

TextTransformer text_transformer_of(const SiglipTextConfig& config) {
  return {.prefix = "text_model.",
          .vocab_size = config.vocab_size,
          .max_position_embeddings = config.max_position_embeddings,
          .hidden_size = config.hidden_size,
          .intermediate_size = config.intermediate_size,
          .num_hidden_layers = config.num_hidden_layers,
          .num_attention_heads = config.num_attention_heads,
          .layer_norm_eps = config.layer_norm_eps,
          .activation = activation_called(config.hidden_act),
          .mask = TextMask::none};
}

std::vector<ExpectedTensor> siglip_tensors(const SiglipConfig& config) {
  ExpectedTensorList list;
  add_vision_transformer(list, vision_transformer_of(config.vision_config));
  add_attention_pooling(list, config.vision_config);
  add_text_transformer(list, text_transformer_of(config.text_config));
  list.linear(kSiglipTextHead, config.text_config.projection_size, config.text_config.hidden_size);
  list.add(kSiglipLogitScale, {1});
  list.add(kSiglipLogitBias, {1});
  return list.take();
}

}  // namespace blip
