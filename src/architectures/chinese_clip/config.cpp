#include "architectures/chinese_clip/config.hpp"

#include <nlohmann/json.hpp>

#include "architectures/clip/config.hpp"
#include "architectures/layer_fields.hpp"
#include "checkpoint/config_file.hpp"
#include "core/in_quotes.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"
#include "core/open_file.hpp"

namespace blip {
namespace {

ChineseCLIPTextConfig parse_chinese_text(const JsonFields& fields) {
  ChineseCLIPTextConfig config;
  const auto read = [&](const char* key, JsonFields::IntRange range, int& value) {
    value = fields.integer(key, range).value_or(value);
  };
  read_layer_fields(fields, config);
  read("vocab_size", kVocabularySizes, config.vocab_size);
  read("max_position_embeddings", kPositionCounts, config.max_position_embeddings);
  read("type_vocab_size", kWidths, config.type_vocab_size);
  const std::string activation = fields.string("hidden_act").value_or("gelu");
  if (activation != "gelu") {
    fields.fail("hidden_act", in_quotes(activation) + " is not supported, only \"gelu\"",
                ErrorCode::unsupported);
  }
  return config;
}

}  // namespace

ChineseCLIPConfig parse_chinese_clip_config(std::string_view json, const std::string& name) {
  const nlohmann::json document = parse_json_object(json, name);
  const JsonFields fields(document, name);
  const std::string model_type = read_model_type(fields);
  if (model_type != kChineseClipType) {
    throw Error(ErrorCode::unsupported,
                name + ": is a " + in_quotes(model_type) + " model, not Chinese-CLIP");
  }
  ChineseCLIPConfig config;
  config.architecture = read_architecture(fields);
  const nlohmann::json nothing = nlohmann::json::object();
  config.text_config =
      parse_chinese_text(clip_section(fields, "text_config", "text_config_dict", nothing, name));
  config.vision_config =
      parse_clip_vision(clip_section(fields, "vision_config", "vision_config_dict", nothing, name));
  config.projection_dim = fields.integer("projection_dim", kWidths).value_or(config.projection_dim);
  config.logit_scale_init_value = static_cast<float>(
      fields.number("logit_scale_init_value", {-1e6, 1e6}).value_or(config.logit_scale_init_value));
  return config;
}

ChineseCLIPConfig ChineseCLIPConfig::from_pretrained(const std::filesystem::path& model) {
  const std::filesystem::path file = model_folder(model) / kConfigFile;
  return parse_chinese_clip_config(read_text_file(file, kMaxConfigBytes), file.string());
}

BlipTextConfig bert_config_of(const ChineseCLIPTextConfig& config) {
  BlipTextConfig bert;
  bert.vocab_size = config.vocab_size;
  bert.hidden_size = config.hidden_size;
  bert.intermediate_size = config.intermediate_size;
  bert.num_hidden_layers = config.num_hidden_layers;
  bert.num_attention_heads = config.num_attention_heads;
  bert.max_position_embeddings = config.max_position_embeddings;
  bert.layer_norm_eps = config.layer_norm_eps;
  return bert;
}

}  // namespace blip
