#include "architectures/blip/config_writer.hpp"

#include <array>
#include <nlohmann/json.hpp>

#include "architectures/blip/family.hpp"
#include "architectures/efficientnet_lite/config.hpp"
#include "architectures/image_processor_fields.hpp"
#include "core/json_text.hpp"
#include "core/shortest_number.hpp"
#include "image/preprocess.hpp"

namespace blip {
namespace {

using Json = nlohmann::ordered_json;

Json text_json(const BlipTextConfig& config) {
  return {{"model_type", "blip_text_model"},
          {"vocab_size", config.vocab_size},
          {"hidden_size", config.hidden_size},
          {"encoder_hidden_size", config.encoder_hidden_size},
          {"intermediate_size", config.intermediate_size},
          {"num_hidden_layers", config.num_hidden_layers},
          {"num_attention_heads", config.num_attention_heads},
          {"max_position_embeddings", config.max_position_embeddings},
          {"hidden_act", config.hidden_act},
          {"layer_norm_eps", shortest_number(config.layer_norm_eps)},
          {"bos_token_id", config.bos_token_id},
          {"eos_token_id", config.eos_token_id},
          {"pad_token_id", config.pad_token_id},
          {"sep_token_id", config.sep_token_id},
          {"is_decoder", true}};
}

Json vision_json(const BlipVisionConfig& config) {
  Json json = {{"model_type", "blip_vision_model"},
               {"hidden_size", config.hidden_size},
               {"intermediate_size", config.intermediate_size},
               {"num_hidden_layers", config.num_hidden_layers},
               {"num_attention_heads", config.num_attention_heads},
               {"num_channels", 3},
               {"image_size", config.image_size},
               {"patch_size", config.patch_size},
               {"hidden_act", config.hidden_act},
               {"layer_norm_eps", shortest_number(config.layer_norm_eps)}};
  if (config.backbone_config) {
    json["backbone_config"] = efficientnet_lite_json(*config.backbone_config);
  }
  return json;
}

std::string as_text(const Json& json) {
  return json.dump(2) + "\n";
}

}  // namespace

std::string config_as_json(const BlipConfig& config) {
  return as_text({{"architectures", Json::array({config.architecture})},
                  {"model_type", kBlipFamily.model_type},
                  {"projection_dim", config.projection_dim},
                  {"logit_scale_init_value", shortest_number(config.logit_scale_init_value)},
                  {"image_text_hidden_size", config.image_text_hidden_size},
                  {"tie_word_embeddings", config.tie_word_embeddings},
                  {"text_config", text_json(config.text_config)},
                  {"vision_config", vision_json(config.vision_config)}});
}

std::string updated_config(std::string_view json, const std::string& name,
                           const std::string& architecture, const std::string& dtype) {
  // Or a message that names the file. nlohmann looks for each key of an object that keeps their
  // order among all before it; the names of ImageNet-21k's classes, by number and number by name,
  // are 87,372 keys and values.
  constexpr std::size_t kMaxValues = 100'000;
  parse_json_object(json, name, {.values = kMaxValues});
  Json config = Json::parse(json);
  const Json before = config;
  if (!config.contains("architectures") || config["architectures"].empty()) {
    config["architectures"] = Json::array({architecture});
  }
  // transformers 5 and 4 call it so; a wrong one would have it convert the weights back.
  for (const char* key : {"dtype", "torch_dtype"}) {
    if (config.contains(key)) config[key] = dtype;
  }
  return config == before ? std::string(json) : as_text(config);
}

std::string config_without_ties(std::string_view json) {
  Json config = Json::parse(json);
  config["tie_word_embeddings"] = false;
  const auto text = config.find("text_config");
  if (text != config.end() && text->is_object()) (*text)["tie_word_embeddings"] = false;
  return as_text(config);
}

std::string image_processor_as_json(const ImageProcessorConfig& config) {
  const auto floats = [](const std::array<float, 3>& values) {
    return Json::array(
        {shortest_number(values[0]), shortest_number(values[1]), shortest_number(values[2])});
  };
  const bool is_clip = config.size.shortest_edge > 0;
  const Json size = is_clip ? Json{{"shortest_edge", config.size.shortest_edge}}
                            : Json{{"height", config.size.height}, {"width", config.size.width}};
  Json json = {{"image_processor_type", is_clip ? "CLIPImageProcessor" : "BlipImageProcessor"},
               {"processor_class", is_clip ? "CLIPProcessor" : "BlipProcessor"},
               {"do_convert_rgb", true},
               {"do_resize", config.do_resize},
               {"size", size},
               {"resample", static_cast<int>(config.resample)}};
  if (is_clip) {
    json["do_center_crop"] = config.do_center_crop;
    json["crop_size"] = {{"height", config.crop_height}, {"width", config.crop_width}};
    // No field of transformers, which crops half a pixel before.
    if (config.crop_offset == CropOffset::rounded_to_even) json["crop_offset"] = kRoundedToEven;
  }
  json["do_rescale"] = config.do_rescale;
  json["rescale_factor"] = config.rescale_factor;
  json["do_normalize"] = config.do_normalize;
  json["image_mean"] = floats(config.image_mean);
  json["image_std"] = floats(config.image_std);
  return as_text(json);
}

std::string image_processor_as_json(const BlipImageProcessorConfig& config) {
  return image_processor_as_json(image::general_config(config));
}

}  // namespace blip
