#include "architectures/clip/open_clip_transform.hpp"

#include <nlohmann/json.hpp>

#include "architectures/image_processor_fields.hpp"
#include "core/in_quotes.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"

namespace blip {
namespace {

Resample filter_called(const JsonFields& fields, const std::string& name) {
  // "random" is a choice of training; open_clip takes bicubic elsewhere.
  if (name == "bicubic" || name == "random") return Resample::bicubic;
  if (name == "bilinear") return Resample::bilinear;
  fields.fail("interpolation", in_quotes(name) + " is not supported", ErrorCode::unsupported);
}

}  // namespace

ImageProcessorConfig transformers_clip_transform(int side) {
  ImageProcessorConfig config = ImageProcessorConfig::of_class("CLIPImageProcessor");
  config.size = {.shortest_edge = side};
  config.crop_height = config.crop_width = side;
  return config;
}

ImageProcessorConfig openai_clip_transform(int side) {
  ImageProcessorConfig config = transformers_clip_transform(side);
  config.crop_offset = CropOffset::rounded_to_even;
  return config;
}

ImageProcessorConfig parse_open_clip_transform(std::string_view json, const std::string& name,
                                               int side) {
  ImageProcessorConfig config = openai_clip_transform(side);
  const nlohmann::json document = parse_json_object(json, name);
  const auto fields = JsonFields(document, name).object("preprocess_cfg");
  if (!fields) return config;
  const std::string mode = fields->string("resize_mode").value_or("shortest");
  if (mode == "squash") {
    config.size = {.height = side, .width = side};
    config.do_center_crop = false;
  } else if (mode != "shortest") {
    fields->fail("resize_mode", in_quotes(mode) + " is not supported: shortest and squash are",
                 ErrorCode::unsupported);
  }
  config.resample = filter_called(*fields, fields->string("interpolation").value_or("bicubic"));
  read_channels(*fields, "mean", {-1e6, 1e6}, config.image_mean);
  read_channels(*fields, "std", {1e-6, 1e6}, config.image_std);
  return config;
}

}  // namespace blip
