#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "app/models/report_text.hpp"

namespace blip::app {
namespace {

using Json = nlohmann::ordered_json;

// A setting's text is JSON already, but for the one that is a word ("never").
Json generation_json(const GenerationOptions& generation) {
  Json json = Json::object();
  for (const auto& [name, value] : settings_of(generation)) {
    const Json parsed = Json::parse(value, nullptr, false);
    json[name] = parsed.is_discarded() ? Json(value) : parsed;
  }
  return json;
}

Json part_json(const ConfigPart& part) {
  Json json = Json::object();
  for (const auto& [name, value] : part.fields) json[name] = value;
  return json;
}

Json preprocessing_json(const ImageProcessorConfig& config) {
  Json json = {{"do_resize", config.do_resize}};
  if (config.size.shortest_edge > 0) {
    json["shortest_edge"] = config.size.shortest_edge;
  } else {
    json["width"] = config.size.width;
    json["height"] = config.size.height;
  }
  json["resample"] = name_of(config.resample);
  if (config.do_center_crop) {
    json["crop_width"] = config.crop_width;
    json["crop_height"] = config.crop_height;
  }
  json.update({{"do_rescale", config.do_rescale},
               {"rescale_factor", config.rescale_factor},
               {"do_normalize", config.do_normalize},
               {"image_mean", config.image_mean},
               {"image_std", config.image_std}});
  return json;
}

// The special tokens that there are.
Json tokenizer_json(const TokenizerReport& tokenizer) {
  Json json = {{"tokens", tokenizer.tokens}};
  const SpecialTokens& ids = tokenizer.special;
  for (const auto& [name, id] : {std::pair("bos_token_id", ids.bos),
                                 {"eos_token_id", ids.eos},
                                 {"pad_token_id", ids.pad},
                                 {"unk_token_id", ids.unk},
                                 {"cls_token_id", ids.cls},
                                 {"sep_token_id", ids.sep},
                                 {"mask_token_id", ids.mask}}) {
    if (id >= 0) json[name] = id;
  }
  return json;
}

Json adapter_json(const AdapterReport& adapter) {
  return {{"directory", adapter.directory.string()},
          {"peft_type", "LORA"},
          {"base_model", adapter.base_model},
          {"rank", adapter.rank},
          {"alpha", adapter.alpha},
          {"use_rslora", adapter.use_rslora},
          {"updates", adapter.updates},
          {"replaced", adapter.replaced},
          {"parameters", adapter.parameters}};
}

}  // namespace

std::string report_as_json(const ModelReport& report, bool with_tensors, int indent) {
  Json json = {
      {"model", report.model.string()},
      {"architecture", report.description.architecture},
      {"layout", report.description.layout.empty() ? "transformers" : report.description.layout},
      {"inferred", report.config_is_inferred},
      {"commands", report.commands},
      {"container", report.container},
      {"original_names", report.has_original_names},
      {"parameters", report.parameters},
      {"expected_parameters", report.expected_parameters},
      {"towers", report.towers},
      {"dtypes", report.dtypes}};
  if (report.adapter) json["adapter"] = adapter_json(*report.adapter);
  for (const ConfigPart& part : report.description.parts) json[part.name] = part_json(part);
  if (report.image_processor) json["preprocessing"] = preprocessing_json(*report.image_processor);
  if (report.tokenizer) json["tokenizer"] = tokenizer_json(*report.tokenizer);
  if (report.generation) json["stored_generation"] = generation_json(*report.generation);
  json["files"] = Json::array();
  for (const FileReport& file : report.files) {
    json["files"].push_back({{"name", file.name}, {"bytes", file.bytes}});
  }
  json["missing_tensors"] = report.missing_tensors;
  json["ignored_tensors"] = report.ignored_tensors;
  json["problems"] = report.problems;
  if (with_tensors) {
    json["tensors"] = Json::array();
    for (const TensorReport& tensor : report.tensors) {
      json["tensors"].push_back(
          {{"name", tensor.name}, {"dtype", tensor.dtype}, {"shape", tensor.shape}});
    }
  }
  return json.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace blip::app
