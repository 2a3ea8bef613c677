#include "architectures/siglip/config.hpp"

#include <nlohmann/json.hpp>

#include "architectures/activation.hpp"
#include "architectures/layer_fields.hpp"
#include "checkpoint/config_file.hpp"
#include "core/in_quotes.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"
#include "core/open_file.hpp"

namespace blip {
namespace {

SiglipTextConfig parse_siglip_text(const JsonFields& fields) {
  SiglipTextConfig config;
  read_layer_fields(fields, config);
  config.hidden_act = read_activation(fields, config.hidden_act);
  config.vocab_size = fields.integer("vocab_size", kVocabularySizes).value_or(config.vocab_size);
  config.max_position_embeddings = fields.integer("max_position_embeddings", kPositionCounts)
                                       .value_or(config.max_position_embeddings);
  config.projection_size = fields.integer("projection_size", kWidths).value_or(config.hidden_size);
  return config;
}

SiglipVisionConfig parse_siglip_vision(const JsonFields& fields) {
  SiglipVisionConfig config;
  read_layer_fields(fields, config);
  config.hidden_act = read_activation(fields, config.hidden_act);
  config.image_size = read_square_size(fields, "image_size", config.image_size);
  config.patch_size = read_square_size(fields, "patch_size", config.patch_size);
  require_patches(fields, config.image_size, config.patch_size);
  if (!fields.boolean("vision_use_head").value_or(true)) {
    fields.fail("vision_use_head", "is false: without its head the tower embeds no images",
                ErrorCode::unsupported);
  }
  return config;
}

void require_fixed_size_siglip(const std::string& model_type, const std::string& name) {
  if (model_type == kSiglipType) return;
  std::string problem = ": has no model_type, so it is not SigLIP";
  if (model_type == kSiglipNaFlexType) {
    problem =
        ": is a SigLIP 2 for images of any size (NaFlex, model_type \"siglip2\"), which is not "
        "supported: those of one size (model_type \"siglip\") are";
  } else if (!model_type.empty()) {
    problem = ": is a " + in_quotes(model_type) + " model, not SigLIP";
  }
  throw Error(ErrorCode::unsupported, name + problem);
}

}  // namespace

SiglipConfig parse_siglip_config(std::string_view json, const std::string& name) {
  const nlohmann::json document = parse_json_object(json, name);
  const JsonFields fields(document, name);
  require_fixed_size_siglip(read_model_type(fields), name);
  SiglipConfig config;
  config.architecture = read_architecture(fields);
  const nlohmann::json nothing = nlohmann::json::object();
  const auto section = [&](const char* key) {
    return fields.object(key).value_or(JsonFields(nothing, name + ": " + key));
  };
  config.text_config = parse_siglip_text(section("text_config"));
  config.vision_config = parse_siglip_vision(section("vision_config"));
  if (config.text_config.projection_size != config.vision_config.hidden_size) {
    section("text_config")
        .fail("projection_size", "is " + std::to_string(config.text_config.projection_size) +
                                     ", and the images' vectors have " +
                                     std::to_string(config.vision_config.hidden_size) + " numbers");
  }
  return config;
}

SiglipConfig SiglipConfig::from_pretrained(const std::filesystem::path& model) {
  const std::filesystem::path file = model_folder(model) / kConfigFile;
  return parse_siglip_config(read_text_file(file, kMaxConfigBytes), file.string());
}

}  // namespace blip
