#include "architectures/vit/config.hpp"

#include <cstdint>
#include <nlohmann/json.hpp>

#include "architectures/activation.hpp"
#include "architectures/config_limits.hpp"
#include "architectures/label_names.hpp"
#include "architectures/vit/timm_config.hpp"
#include "checkpoint/config_file.hpp"
#include "core/in_quotes.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"
#include "core/open_file.hpp"

namespace blip {
namespace {

constexpr JsonFields::FloatRange kMlpRatios = {1e-3, 1e3};

bool is_dinov2(const std::string& model_type) {
  return model_type == kDinov2Type || model_type == kDinov2RegistersType;
}

// What transformers' classes have where a file says nothing.
ViTConfig defaults_of(const std::string& model_type) {
  ViTConfig config;
  config.model_type = model_type;
  if (!is_dinov2(model_type)) return config;
  config.patch_size = 14;
  config.layer_norm_eps = 1e-6F;
  if (model_type == kDinov2RegistersType) config.num_register_tokens = 4;
  return config;
}

// DINOv2 tells its feed-forward width by a ratio; of a SwiGLU two thirds of it, to the next eight.
void read_mlp_ratio(const JsonFields& fields, ViTConfig& config) {
  const double ratio = fields.number("mlp_ratio", kMlpRatios).value_or(4.0);
  config.use_swiglu_ffn = fields.boolean("use_swiglu_ffn").value_or(false);
  auto width = static_cast<std::int64_t>(config.hidden_size * ratio);
  if (config.use_swiglu_ffn) {
    width = (static_cast<std::int64_t>(static_cast<double>(width) * 2.0 / 3.0) + 7) / 8 * 8;
  }
  if (width < kWidths.min || width > kWidths.max) {
    fields.fail("mlp_ratio", "makes a feed-forward width of " + std::to_string(width));
  }
  config.intermediate_size = static_cast<int>(width);
}

void read_sizes(const JsonFields& fields, ViTConfig& config) {
  config.hidden_size = fields.integer("hidden_size", kWidths).value_or(config.hidden_size);
  config.num_hidden_layers =
      fields.integer("num_hidden_layers", kLayerCounts).value_or(config.num_hidden_layers);
  config.num_attention_heads =
      fields.integer("num_attention_heads", kWidths).value_or(config.num_attention_heads);
  config.image_size = read_square_size(fields, "image_size", config.image_size);
  config.patch_size = read_square_size(fields, "patch_size", config.patch_size);
  require_even_heads(fields, config.hidden_size, config.num_attention_heads);
  require_patches(fields, config.image_size, config.patch_size);
  if (is_dinov2(config.model_type)) {
    read_mlp_ratio(fields, config);
  } else {
    config.intermediate_size =
        fields.integer("intermediate_size", kWidths).value_or(config.intermediate_size);
  }
  if (config.model_type == kDinov2RegistersType) {
    config.num_register_tokens =
        fields.integer("num_register_tokens", {1, 1'000}).value_or(config.num_register_tokens);
  }
  config.pooler_output_size =
      fields.integer("pooler_output_size", kWidths).value_or(config.hidden_size);
}

}  // namespace

ViTConfig parse_vit_config(std::string_view json, const std::string& name) {
  const nlohmann::json document = parse_json_object(json, name);
  const JsonFields fields(document, name);
  const std::string model_type = read_model_type(fields);
  if (model_type != kVitType && model_type != kDeitType && !is_dinov2(model_type)) {
    throw Error(
        ErrorCode::unsupported,
        name + (model_type.empty() ? std::string(": has no model_type, so it is no ViT")
                                   : ": is a " + in_quotes(model_type) + " model, not a ViT"));
  }
  ViTConfig config = defaults_of(model_type);
  config.architecture = read_architecture(fields);
  read_sizes(fields, config);
  config.hidden_act = read_activation(fields, config.hidden_act);
  config.layer_norm_eps = static_cast<float>(
      fields.number("layer_norm_eps", kEpsilons).value_or(config.layer_norm_eps));
  config.qkv_bias = fields.boolean("qkv_bias").value_or(config.qkv_bias);
  config.pooler_act = fields.string("pooler_act").value_or(config.pooler_act);
  config.problem_type = fields.string("problem_type").value_or("");
  config.labels = read_labels(fields);
  return config;
}

ViTConfig ViTConfig::from_pretrained(const std::filesystem::path& model) {
  if (lacks_config(model)) return infer_timm_config(Checkpoint::open(model));
  const std::filesystem::path file = model_folder(model) / kConfigFile;
  const std::string json = read_text_file(file, kMaxConfigBytes);
  const std::string name = file.string();
  if (read_model_type(JsonFields(parse_json_object(json, name), name)) != kTimmType) {
    return parse_vit_config(json, name);
  }
  ViTConfig config = infer_timm_config(Checkpoint::open(model), read_timm_heads(json, name));
  apply_timm_config(json, name, config);
  return config;
}

}  // namespace blip
