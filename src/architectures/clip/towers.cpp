#include "architectures/clip/towers.hpp"

namespace blip {
namespace {

// "pre_layrnorm" is how transformers and all files spell it.
constexpr VisionTensorNames kVisionNames = {.class_token = "embeddings.class_embedding",
                                            .positions = "embeddings.position_embedding.weight",
                                            .patch = "embeddings.patch_embedding",
                                            .norm_before = "pre_layrnorm",
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

void add_vision(ExpectedTensorList& list, const CLIPConfig& config) {
  add_vision_transformer(list, vision_transformer_of(config.vision_config));
  list.matrix(kClipVisualProjection, config.projection_dim, config.vision_config.hidden_size);
}

void add_text(ExpectedTensorList& list, const CLIPConfig& config) {
  add_text_transformer(list, text_transformer_of(config.text_config));
  list.matrix(kClipTextProjection, config.projection_dim, config.text_config.hidden_size);
}

}  // namespace

VisionTransformer vision_transformer_of(const CLIPVisionConfig& config, const std::string& prefix) {
  return {.names = kVisionNames,
          .prefix = prefix,
          .hidden_size = config.hidden_size,
          .intermediate_size = config.intermediate_size,
          .num_hidden_layers = config.num_hidden_layers,
          .num_attention_heads = config.num_attention_heads,
          .image_size = config.image_size,
          .patch_size = config.patch_size,
          .layer_norm_eps = config.layer_norm_eps,
          .activation = activation_called(config.hidden_act),
          .class_token_is_vector = true,
          .positions_are_matrix = true,
          .patch_bias = false,
          .last_norm = LastNorm::pooled_token};
}

TextTransformer text_transformer_of(const CLIPTextConfig& config, const std::string& prefix) {
  return {.prefix = prefix,
          .vocab_size = config.vocab_size,
          .max_position_embeddings = config.max_position_embeddings,
          .hidden_size = config.hidden_size,
          .intermediate_size = config.intermediate_size,
          .num_hidden_layers = config.num_hidden_layers,
          .num_attention_heads = config.num_attention_heads,
          .layer_norm_eps = config.layer_norm_eps,
          .activation = activation_called(config.hidden_act),
          .mask = TextMask::causal};
}

std::vector<ExpectedTensor> clip_tensors(const CLIPConfig& config) {
  ExpectedTensorList list;
  add_vision(list, config);
  add_text(list, config);
  list.add(kClipLogitScale, {});
  return list.take();
}

std::vector<ExpectedTensor> clip_vision_tensors(const CLIPConfig& config) {
  ExpectedTensorList list;
  add_vision(list, config);
  return list.take();
}

std::vector<ExpectedTensor> clip_text_tensors(const CLIPConfig& config) {
  ExpectedTensorList list;
  add_text(list, config);
  return list.take();
}

std::vector<ExpectedTensor> clip_classifier_tensors(const CLIPConfig& config) {
  ExpectedTensorList list;
  add_vision_transformer(list, vision_transformer_of(config.vision_config));
  list.linear("classifier", std::ssize(config.labels), config.vision_config.hidden_size);
  return list.take();
}

std::vector<ExpectedTensor> clip_vision_tower_tensors(const CLIPConfig& config,
                                                      const std::string& prefix) {
  ExpectedTensorList list;
  add_vision_transformer(list, vision_transformer_of(config.vision_config, prefix));
  return list.take();
}

std::vector<ExpectedTensor> clip_text_tower_tensors(const CLIPConfig& config,
                                                    const std::string& prefix) {
  ExpectedTensorList list;
  add_text_transformer(list, text_transformer_of(config.text_config, prefix));
  return list.take();
}

}  // namespace blip
