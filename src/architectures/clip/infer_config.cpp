#include "architectures/clip/infer_config.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "architectures/clip/config.hpp"
#include "architectures/config_limits.hpp"
#include "architectures/tensor_sizes.hpp"
#include "blip/error.hpp"
#include "checkpoint/config_file.hpp"
#include "core/json_text.hpp"
#include "core/open_file.hpp"
#include "core/shortest_number.hpp"

namespace blip {
namespace {

constexpr const char* kVisionMark = "vision_model.pre_layrnorm.weight";
constexpr const char* kTextMark = "text_model.embeddings.token_embedding.weight";
constexpr const char* kPatches = "vision_model.embeddings.patch_embedding.weight";
constexpr int kUnknown = 0;        // heads, which the shapes do not tell
constexpr TokenId kHighestId = 2;  // as OpenAI's own config.json: the end is the highest id

CLIPVisionConfig infer_vision(const TensorSizes& shapes) {
  CLIPVisionConfig config;
  config.hidden_size = shapes.size(kPatches, 4, 0);
  config.patch_size = shapes.size(kPatches, 4, 3, kPixelSizes.max);
  const int rows =
      shapes.size("vision_model.embeddings.position_embedding.weight", 2, 0, kPositionCounts.max);
  config.image_size = shapes.grid(rows - 1, config.patch_size) * config.patch_size;
  config.num_hidden_layers = shapes.layers("vision_model.encoder.layers.", ".layer_norm1.weight");
  config.intermediate_size = shapes.size("vision_model.encoder.layers.0.mlp.fc1.weight", 2, 0);
  config.num_attention_heads = kUnknown;
  return config;
}

CLIPTextConfig infer_text(const TensorSizes& shapes) {
  CLIPTextConfig config;
  config.vocab_size = shapes.size(kTextMark, 2, 0, kVocabularySizes.max);
  config.hidden_size = shapes.size(kTextMark, 2, 1);
  config.max_position_embeddings =
      shapes.size("text_model.embeddings.position_embedding.weight", 2, 0, kPositionCounts.max);
  config.num_hidden_layers = shapes.layers("text_model.encoder.layers.", ".layer_norm1.weight");
  config.intermediate_size = shapes.size("text_model.encoder.layers.0.mlp.fc1.weight", 2, 0);
  config.num_attention_heads = kUnknown;
  config.eos_token_id = kHighestId;
  return config;
}

/// Without the heads.
CLIPConfig infer_from_tensors(const Checkpoint& checkpoint, const TensorSizes& shapes) {
  if (checkpoint.find("visual.layer1.0.conv1.weight") != nullptr) {
    shapes.fail("is a CLIP with a ResNet for its image tower, which is not supported",
                ErrorCode::unsupported);
  }
  CLIPConfig config;
  config.architecture = "CLIPModel";
  config.vision_config = infer_vision(shapes);
  config.text_config = infer_text(shapes);
  config.projection_dim = shapes.size("text_projection.weight", 2, 0);
  config.vision_config.projection_dim = config.text_config.projection_dim = config.projection_dim;
  config.vision_config.hidden_act = config.text_config.hidden_act =
      is_openai_clip(checkpoint) ? "quick_gelu" : "gelu";
  return config;
}

/// Heads of the usual widths where no configuration told their number.
void assume_usual_heads(const TensorSizes& shapes, CLIPConfig& config) {
  CLIPVisionConfig& vision = config.vision_config;
  if (vision.num_attention_heads == kUnknown) {
    vision.num_attention_heads =
        shapes.heads(vision.hidden_size, usual_head_width(vision.hidden_size));
  }
  CLIPTextConfig& text = config.text_config;
  if (text.num_attention_heads == kUnknown) {
    text.num_attention_heads = shapes.heads(text.hidden_size, 64);
  }
}

}  // namespace

bool is_clip(const Checkpoint& checkpoint) {
  const bool is_resnet = checkpoint.find("visual.layer1.0.conv1.weight") != nullptr;
  return is_resnet ||
         (checkpoint.find(kVisionMark) != nullptr && checkpoint.find(kTextMark) != nullptr);
}

bool is_openai_clip(const Checkpoint& checkpoint) {
  return std::ranges::any_of(checkpoint.left_out(), [](const std::string& name) {
    return name.ends_with("input_resolution");
  });
}

CLIPConfig infer_clip_config(const Checkpoint& checkpoint) {
  const TensorSizes shapes(checkpoint, "CLIP");
  CLIPConfig config = infer_from_tensors(checkpoint, shapes);
  const std::filesystem::path own = checkpoint.files().front().parent_path() / kOpenClipConfig;
  if (file_exists(own)) {
    apply_open_clip_config(read_text_file(own, kMaxConfigBytes), own.string(), config);
  }
  assume_usual_heads(shapes, config);
  return config;
}

void apply_open_clip_config(std::string_view json, const std::string& name, CLIPConfig& config) {
  const nlohmann::json document = parse_json_object(json, name);
  const auto model = JsonFields(document, name).object("model_cfg");
  if (!model) return;
  const std::string activation =
      model->boolean("quick_gelu").value_or(false) ? "quick_gelu" : "gelu";
  config.vision_config.hidden_act = config.text_config.hidden_act = activation;
  if (const auto vision = model->object("vision_cfg")) {
    if (vision->string("timm_model_name")) {
      vision->fail("timm_model_name", "is not supported", ErrorCode::unsupported);
    }
    const int width = vision->integer("head_width", kWidths).value_or(64);
    if (config.vision_config.hidden_size % width != 0) {
      vision->fail("head_width", "does not divide the tower's width");
    }
    config.vision_config.num_attention_heads = config.vision_config.hidden_size / width;
  }
  if (const auto text = model->object("text_cfg")) {
    if (text->string("hf_model_name")) {
      text->fail("hf_model_name", "is not supported", ErrorCode::unsupported);
    }
    const int heads = text->integer("heads", kWidths).value_or(8);
    require_even_heads(*text, config.text_config.hidden_size, heads);
    config.text_config.num_attention_heads = heads;
  }
}

std::string clip_config_as_json(const CLIPConfig& config) {
  using Json = nlohmann::ordered_json;
  const auto layers = [](const auto& tower, const char* model_type) -> Json {
    return {{"model_type", model_type},
            {"hidden_size", tower.hidden_size},
            {"intermediate_size", tower.intermediate_size},
            {"projection_dim", tower.projection_dim},
            {"num_hidden_layers", tower.num_hidden_layers},
            {"num_attention_heads", tower.num_attention_heads},
            {"hidden_act", tower.hidden_act},
            {"layer_norm_eps", shortest_number(tower.layer_norm_eps)}};
  };
  Json text = layers(config.text_config, kClipTextType);
  text["vocab_size"] = config.text_config.vocab_size;
  text["max_position_embeddings"] = config.text_config.max_position_embeddings;
  text["pad_token_id"] = config.text_config.pad_token_id;
  text["bos_token_id"] = config.text_config.bos_token_id;
  text["eos_token_id"] = config.text_config.eos_token_id;
  Json vision = layers(config.vision_config, kClipVisionType);
  vision["num_channels"] = 3;
  vision["image_size"] = config.vision_config.image_size;
  vision["patch_size"] = config.vision_config.patch_size;
  const Json whole = {{"architectures", Json::array({config.architecture})},
                      {"model_type", kClipType},
                      {"projection_dim", config.projection_dim},
                      {"logit_scale_init_value", shortest_number(config.logit_scale_init_value)},
                      {"text_config", std::move(text)},
                      {"vision_config", std::move(vision)}};
  return whole.dump(2) + "\n";
}

}  // namespace blip
