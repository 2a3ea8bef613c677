#include "blip/config.hpp"

#include <nlohmann/json.hpp>

#include "architectures/blip/config_text.hpp"
#include "architectures/blip/family.hpp"
#include "architectures/blip/infer_config.hpp"
#include "architectures/efficientnet_lite/config.hpp"
#include "architectures/layer_fields.hpp"
#include "checkpoint/adapter_config.hpp"
#include "checkpoint/config_file.hpp"
#include "core/in_quotes.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"
#include "core/open_file.hpp"

namespace blip {
namespace {

void require_gelu(const JsonFields& fields, const std::string& activation) {
  // Exact (erf) GELU. The only one BLIP was ever trained with.
  if (activation == "gelu") return;
  fields.fail("hidden_act", in_quotes(activation) + " is not supported, only \"gelu\"",
              ErrorCode::unsupported);
}

BlipTextConfig parse_text_config(const JsonFields& fields) {
  BlipTextConfig config;
  config.vocab_size = fields.integer("vocab_size", kVocabularySizes).value_or(config.vocab_size);
  read_layer_fields(fields, config);
  config.max_position_embeddings = fields.integer("max_position_embeddings", kPositionCounts)
                                       .value_or(config.max_position_embeddings);
  config.hidden_act = fields.string("hidden_act").value_or(config.hidden_act);
  config.bos_token_id = fields.integer("bos_token_id", kTokenIdRange).value_or(config.bos_token_id);
  config.pad_token_id = fields.integer("pad_token_id", kTokenIdRange).value_or(config.pad_token_id);
  config.sep_token_id = fields.integer("sep_token_id", kTokenIdRange).value_or(config.sep_token_id);
  // transformers allows several; BLIP never looks at any of them.
  const nlohmann::json* eos = fields.find("eos_token_id");
  if (eos != nullptr && !eos->is_array()) {
    config.eos_token_id = fields.as_integer(*eos, "eos_token_id", kTokenIdRange);
  }
  config.generation = parse_generation_fields(fields);

  require_gelu(fields, config.hidden_act);
  // Every text starts with it, so the model looks its embedding up.
  if (config.bos_token_id < 0 || config.bos_token_id >= config.vocab_size) {
    fields.fail("bos_token_id", std::to_string(config.bos_token_id) +
                                    " is outside the vocab_size of " +
                                    std::to_string(config.vocab_size));
  }
  // Without cross-attention the text tower cannot see the image.
  if (!fields.boolean("is_decoder").value_or(true)) {
    fields.fail("is_decoder", "false is not supported", ErrorCode::unsupported);
  }
  return config;
}

BlipVisionConfig parse_vision_config(const JsonFields& fields) {
  BlipVisionConfig config;
  read_layer_fields(fields, config);
  config.image_size = read_square_size(fields, "image_size", config.image_size);
  config.patch_size = read_square_size(fields, "patch_size", config.patch_size);
  config.hidden_act = fields.string("hidden_act").value_or(config.hidden_act);

  require_gelu(fields, config.hidden_act);
  if (const auto backbone = fields.object("backbone_config")) {
    config.backbone_config = parse_efficientnet_lite(*backbone);
  }
  // A backbone makes patches of any image.
  require_patches(fields, config.image_size, config.backbone_config ? 1 : config.patch_size);
  return config;
}

// The object of today's name, else that of the name it had in 2022. Where a file has both,
// transformers 5 looks at today's alone (4.2x preferred the other).
JsonFields section(const JsonFields& fields, const char* key, const char* legacy_key,
                   const nlohmann::json& nothing, const std::string& name) {
  if (const auto object = fields.object(key)) return *object;
  return fields.object(legacy_key).value_or(JsonFields(nothing, name + ": " + key));
}

}  // namespace

BlipConfig parse_config(std::string_view json, const std::string& name) {
  const nlohmann::json document = parse_json_object(json, name);
  const JsonFields fields(document, name);
  const std::string model_type = read_model_type(fields);
  if (model_type != kBlipFamily.model_type) {
    throw Error(
        ErrorCode::unsupported,
        name + (model_type.empty() ? std::string(": has no model_type, so it is not BLIP")
                                   : ": is a " + in_quotes(model_type) + " model, not BLIP"));
  }

  BlipConfig config;
  config.architecture = read_architecture(fields);
  const nlohmann::json nothing = nlohmann::json::object();
  config.text_config =
      parse_text_config(section(fields, "text_config", "text_config_dict", nothing, name));
  config.vision_config =
      parse_vision_config(section(fields, "vision_config", "vision_config_dict", nothing, name));
  // transformers does so whatever the file says; many files do not say.
  config.text_config.encoder_hidden_size = config.vision_config.hidden_size;
  config.text_config.generation =
      laid_over(parse_generation_fields(fields), config.text_config.generation);
  config.projection_dim = fields.integer("projection_dim", kWidths).value_or(config.projection_dim);
  config.image_text_hidden_size =
      fields.integer("image_text_hidden_size", kWidths).value_or(config.image_text_hidden_size);
  config.logit_scale_init_value = static_cast<float>(
      fields.number("logit_scale_init_value", {-1e6, 1e6}).value_or(config.logit_scale_init_value));
  config.tie_word_embeddings =
      fields.boolean("tie_word_embeddings").value_or(config.tie_word_embeddings);
  return config;
}

BlipConfig BlipConfig::from_pretrained(const std::filesystem::path& model) {
  if (lacks_config(model)) return infer_config(Checkpoint::open(model));
  if (!file_exists(model_folder(model) / kConfigFile) && has_adapter(model_folder(model))) {
    throw Error(ErrorCode::unsupported,
                model.string() + ": is an adapter, not a model: blip convert makes one of it");
  }
  const std::filesystem::path file = model_folder(model) / kConfigFile;
  return parse_config(read_text_file(file, kMaxConfigBytes), file.string());
}

}  // namespace blip
