#include "architectures/clip/description.hpp"

#include <string>

namespace blip {
namespace {

std::string layers_text(int layers, int width, int heads, int inner) {
  return std::to_string(layers) + " layers, width " + std::to_string(width) + ", " +
         std::to_string(heads) + " heads, MLP " + std::to_string(inner);
}

}  // namespace

ConfigPart describe_clip_vision(const CLIPVisionConfig& config, int projection_dim) {
  return {.name = "vision",
          .summary = std::to_string(config.image_size) + " px, patch " +
                     std::to_string(config.patch_size) + "; " +
                     layers_text(config.num_hidden_layers, config.hidden_size,
                                 config.num_attention_heads, config.intermediate_size) +
                     ", " + config.hidden_act + ", to " + std::to_string(projection_dim),
          .fields = {{"image_size", config.image_size},
                     {"patch_size", config.patch_size},
                     {"num_hidden_layers", config.num_hidden_layers},
                     {"hidden_size", config.hidden_size},
                     {"num_attention_heads", config.num_attention_heads},
                     {"intermediate_size", config.intermediate_size},
                     {"projection_dim", projection_dim}}};
}

ConfigPart describe_clip_text(const CLIPTextConfig& config, int projection_dim) {
  return {.name = "text",
          .summary = "vocabulary " + std::to_string(config.vocab_size) + ", " +
                     std::to_string(config.max_position_embeddings) + " positions; " +
                     layers_text(config.num_hidden_layers, config.hidden_size,
                                 config.num_attention_heads, config.intermediate_size) +
                     ", " + config.hidden_act + ", to " + std::to_string(projection_dim),
          .fields = {{"vocab_size", config.vocab_size},
                     {"max_position_embeddings", config.max_position_embeddings},
                     {"num_hidden_layers", config.num_hidden_layers},
                     {"hidden_size", config.hidden_size},
                     {"num_attention_heads", config.num_attention_heads},
                     {"intermediate_size", config.intermediate_size},
                     {"projection_dim", projection_dim}}};
}

}  // namespace blip
