#include "architectures/clip/config.hpp"

#include <nlohmann/json.hpp>

#include "architectures/activation.hpp"
#include "architectures/clip/infer_config.hpp"
#include "architectures/config_limits.hpp"
#include "architectures/label_names.hpp"
#include "architectures/layer_fields.hpp"
#include "checkpoint/config_file.hpp"
#include "core/in_quotes.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"
#include "core/open_file.hpp"

namespace blip {
namespace {

// The fields that both towers have.
template <typename Config>
void read_tower(const JsonFields& fields, Config& config) {
  read_layer_fields(fields, config);
  config.projection_dim = fields.integer("projection_dim", kWidths).value_or(config.projection_dim);
  config.hidden_act = read_activation(fields, config.hidden_act);
}

CLIPTextConfig parse_text(const JsonFields& fields) {
  CLIPTextConfig config;
  read_tower(fields, config);
  config.vocab_size = fields.integer("vocab_size", kVocabularySizes).value_or(config.vocab_size);
  config.max_position_embeddings = fields.integer("max_position_embeddings", kPositionCounts)
                                       .value_or(config.max_position_embeddings);
  const auto token = [&](const char* key, TokenId& id) {
    id = fields.integer(key, kTokenIdRange).value_or(id);
  };
  token("pad_token_id", config.pad_token_id);
  token("bos_token_id", config.bos_token_id);
  token("eos_token_id", config.eos_token_id);
  return config;
}

}  // namespace

CLIPVisionConfig parse_clip_vision(const JsonFields& fields) {
  CLIPVisionConfig config;
  read_tower(fields, config);
  config.image_size = read_square_size(fields, "image_size", config.image_size);
  config.patch_size = read_square_size(fields, "patch_size", config.patch_size);
  require_patches(fields, config.image_size, config.patch_size);
  return config;
}

JsonFields clip_section(const JsonFields& fields, const char* key, const char* legacy_key,
                        const nlohmann::json& nothing, const std::string& name) {
  if (const auto legacy = fields.object(legacy_key)) return *legacy;
  return fields.object(key).value_or(JsonFields(nothing, name + ": " + key));
}

CLIPConfig parse_clip_config(std::string_view json, const std::string& name) {
  const nlohmann::json document = parse_json_object(json, name);
  const JsonFields fields(document, name);
  CLIPConfig config;
  config.model_type = read_model_type(fields);
  config.architecture = read_architecture(fields);
  if (config.model_type == kClipTextType) {
    config.text_config = parse_text(fields);
    config.projection_dim = config.text_config.projection_dim;
    return config;
  }
  if (config.model_type == kClipVisionType) {
    config.vision_config = parse_clip_vision(fields);
    config.projection_dim = config.vision_config.projection_dim;
    return config;
  }
  if (config.model_type != kClipType) {
    throw Error(ErrorCode::unsupported,
                name + (config.model_type.empty()
                            ? std::string(": has no model_type, so it is not CLIP")
                            : ": is a " + in_quotes(config.model_type) + " model, not CLIP"));
  }
  const nlohmann::json nothing = nlohmann::json::object();
  config.text_config =
      parse_text(clip_section(fields, "text_config", "text_config_dict", nothing, name));
  config.vision_config =
      parse_clip_vision(clip_section(fields, "vision_config", "vision_config_dict", nothing, name));
  config.projection_dim = fields.integer("projection_dim", kWidths).value_or(config.projection_dim);
  config.logit_scale_init_value = static_cast<float>(
      fields.number("logit_scale_init_value", {-1e6, 1e6}).value_or(config.logit_scale_init_value));
  config.problem_type = fields.string("problem_type").value_or("");
  config.labels = read_labels(fields);
  return config;
}

CLIPConfig CLIPConfig::from_pretrained(const std::filesystem::path& model) {
  if (lacks_config(model)) return infer_clip_config(Checkpoint::open(model));
  const std::filesystem::path file = model_folder(model) / kConfigFile;
  return parse_clip_config(read_text_file(file, kMaxConfigBytes), file.string());
}

}  // namespace blip
