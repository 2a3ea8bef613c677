#include "architectures/clip/infer_config.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "architectures/clip/config.hpp"
#include "architectures/config_limits.hpp"
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
constexpr TokenId kHighestId = 2;  // as OpenAI's own config.json: the end is the highest id

class ClipShapes {
 public:
  explicit ClipShapes(const Checkpoint& checkpoint)
      : checkpoint_(checkpoint), file_(source_of(checkpoint)) {}

  [[noreturn]] void fail(const std::string& problem, ErrorCode code = ErrorCode::malformed) const {
    throw Error(code, file_ + ": " + problem);
  }

  // Size `dimension` of tensor `name`, which must have `rank` dimensions.
  [[nodiscard]] int size(const std::string& name, std::size_t rank, std::size_t dimension,
                         std::int64_t limit = kWidths.max) const {
    const CheckpointTensor* tensor = checkpoint_.find(name);
    if (tensor == nullptr) {
      fail("has no config.json, and no tensor '" + name + "' to tell the sizes from",
           ErrorCode::unsupported);
    }
    if (tensor->shape.size() != rank || tensor->shape[dimension] < 1 ||
        tensor->shape[dimension] > limit) {
      fail("tensor '" + name + "' has a shape that no CLIP has");
    }
    return static_cast<int>(tensor->shape[dimension]);
  }

  [[nodiscard]] int layers(const std::string& tower) const {
    int count = 0;
    while (count < kLayerCounts.max &&
           checkpoint_.find(tower + "encoder.layers." + std::to_string(count) +
                            ".layer_norm1.weight") != nullptr) {
      ++count;
    }
    if (count == 0) fail("has no layers of '" + tower + "'");
    return count;
  }

 private:
  const Checkpoint& checkpoint_;
  std::string file_;
};

int head_width(int width) {
  switch (width) {
    case 1280:
      return 80;
    case 1408:
      return 88;
    case 1664:
      return 104;
    case 1792:
      return 112;
    default:
      return 64;
  }
}

int heads_of(const ClipShapes& shapes, int width, int of_one) {
  if (width % of_one != 0) {
    shapes.fail("a tower's width, " + std::to_string(width) + ", is no multiple of " +
                    std::to_string(of_one) + ", so the number of heads is unknown without a config",
                ErrorCode::unsupported);
  }
  return width / of_one;
}

CLIPVisionConfig infer_vision(const ClipShapes& shapes) {
  CLIPVisionConfig config;
  config.hidden_size = shapes.size(kPatches, 4, 0);
  config.patch_size = shapes.size(kPatches, 4, 3, kPixelSizes.max);
  const int rows =
      shapes.size("vision_model.embeddings.position_embedding.weight", 2, 0, kPositionCounts.max);
  const int grid = static_cast<int>(std::lround(std::sqrt(std::max(rows - 1, 0))));
  if (grid < 1 || grid * grid + 1 != rows || grid * config.patch_size > kPixelSizes.max) {
    shapes.fail("has positions of " + std::to_string(rows) + " tokens, which are no square");
  }
  config.image_size = grid * config.patch_size;
  config.num_hidden_layers = shapes.layers("vision_model.");
  config.intermediate_size = shapes.size("vision_model.encoder.layers.0.mlp.fc1.weight", 2, 0);
  config.num_attention_heads = heads_of(shapes, config.hidden_size, head_width(config.hidden_size));
  return config;
}

CLIPTextConfig infer_text(const ClipShapes& shapes) {
  CLIPTextConfig config;
  config.vocab_size = shapes.size(kTextMark, 2, 0, kVocabularySizes.max);
  config.hidden_size = shapes.size(kTextMark, 2, 1);
  config.max_position_embeddings =
      shapes.size("text_model.embeddings.position_embedding.weight", 2, 0, kPositionCounts.max);
  config.num_hidden_layers = shapes.layers("text_model.");
  config.intermediate_size = shapes.size("text_model.encoder.layers.0.mlp.fc1.weight", 2, 0);
  config.num_attention_heads = heads_of(shapes, config.hidden_size, 64);
  config.eos_token_id = kHighestId;
  return config;
}

CLIPConfig infer_from_tensors(const Checkpoint& checkpoint) {
  const ClipShapes shapes(checkpoint);
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
  const bool is_openai = std::ranges::any_of(checkpoint.left_out(), [](const std::string& name) {
    return name.ends_with("input_resolution");
  });
  config.vision_config.hidden_act = config.text_config.hidden_act =
      is_openai ? "quick_gelu" : "gelu";
  return config;
}

}  // namespace

bool is_clip(const Checkpoint& checkpoint) {
  const bool is_resnet = checkpoint.find("visual.layer1.0.conv1.weight") != nullptr;
  return is_resnet ||
         (checkpoint.find(kVisionMark) != nullptr && checkpoint.find(kTextMark) != nullptr);
}

CLIPConfig infer_clip_config(const Checkpoint& checkpoint) {
  CLIPConfig config = infer_from_tensors(checkpoint);
  const std::filesystem::path own =
      checkpoint.files().front().parent_path() / "open_clip_config.json";
  if (file_exists(own)) {
    apply_open_clip_config(read_text_file(own, kMaxConfigBytes), own.string(), config);
  }
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
