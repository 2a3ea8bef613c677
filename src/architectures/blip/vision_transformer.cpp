#include "architectures/blip/vision_transformer.hpp"

namespace blip {
namespace {

constexpr VisionTensorNames kNames = {.class_token = "embeddings.class_embedding",
                                      .positions = "embeddings.position_embedding",
                                      .backbone = "embeddings.backbone.",
                                      .patch = "embeddings.patch_embedding",
                                      .layers = "encoder.layers.",
                                      .norm1 = "layer_norm1",
                                      .qkv = "self_attn.qkv",
                                      .projection = "self_attn.projection",
                                      .norm2 = "layer_norm2",
                                      .fc1 = "mlp.fc1",
                                      .fc2 = "mlp.fc2",
                                      .last_norm = "post_layernorm"};

}  // namespace

VisionTransformer vision_transformer_of(const BlipVisionConfig& config, const std::string& prefix) {
  return {.names = kNames,
          .prefix = prefix,
          .hidden_size = config.hidden_size,
          .intermediate_size = config.intermediate_size,
          .num_hidden_layers = config.num_hidden_layers,
          .num_attention_heads = config.num_attention_heads,
          .image_size = config.image_size,
          .patch_size = config.patch_size,
          .layer_norm_eps = config.layer_norm_eps,
          .activation = activation_called(config.hidden_act),
          // A checkpoint trained at another image size than config.json gives (Salesforce's VQA
          // model: 480 px, run at 384) has another grid, which their own loader resamples.
          .resamples_stored_positions = true,
          .backbone = config.backbone_config};
}

}  // namespace blip
