#include <nlohmann/json.hpp>
#include <string>

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

Json preprocessing_json(const BlipImageProcessorConfig& config) {
  return {{"do_resize", config.do_resize},
          {"width", config.width},
          {"height", config.height},
          {"resample", name_of(config.resample)},
          {"do_rescale", config.do_rescale},
          {"rescale_factor", config.rescale_factor},
          {"do_normalize", config.do_normalize},
          {"image_mean", config.image_mean},
          {"image_std", config.image_std}};
}

Json tokenizer_json(const TokenizerReport& tokenizer) {
  return {{"tokens", tokenizer.tokens},    {"pad_token_id", tokenizer.pad},
          {"unk_token_id", tokenizer.unk}, {"cls_token_id", tokenizer.cls},
          {"sep_token_id", tokenizer.sep}, {"mask_token_id", tokenizer.mask}};
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
  Json json = {{"model", report.model.string()},
               {"architecture", report.description.architecture},
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
