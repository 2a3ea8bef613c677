#include "architectures/vit/timm_transform.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "architectures/config_limits.hpp"
#include "architectures/image_processor_fields.hpp"
#include "core/in_quotes.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"

namespace blip {
namespace {

Resample filter_called(const JsonFields& fields, const std::string& name) {
  using Named = std::pair<std::string_view, Resample>;
  constexpr std::array kFilters = {
      Named{"nearest", Resample::nearest}, Named{"bilinear", Resample::bilinear},
      Named{"bicubic", Resample::bicubic}, Named{"box", Resample::box},
      Named{"hamming", Resample::hamming}, Named{"lanczos", Resample::lanczos}};
  const auto* found = std::ranges::find(kFilters, name, &Named::first);
  if (found == kFilters.end()) {
    fields.fail("interpolation", in_quotes(name) + " is not supported", ErrorCode::unsupported);
  }
  return found->second;
}

// "input_size": [3, 224, 224]
int side_of_input(const JsonFields& fields) {
  const nlohmann::json* size = fields.find("input_size");
  if (size == nullptr) return 224;
  if (!size->is_array() || size->size() != 3) {
    fields.fail("input_size", "must be [channels, height, width]");
  }
  const int height = fields.as_integer((*size)[1], "input_size", kPixelSizes);
  if (fields.as_integer((*size)[0], "input_size", kPixelSizes) != 3 ||
      fields.as_integer((*size)[2], "input_size", kPixelSizes) != height) {
    fields.fail("input_size", "must be a square of three colours to be supported",
                ErrorCode::unsupported);
  }
  return height;
}

// Pictures are resized so much larger than the crop that it has the middle `part` of them.
ImageProcessorConfig middle_part(int side, double part) {
  ImageProcessorConfig config = ImageProcessorConfig::of_class("BitImageProcessor");
  config.image_mean = {0.485F, 0.456F, 0.406F};
  config.image_std = {0.229F, 0.224F, 0.225F};
  config.size = {.shortest_edge = static_cast<int>(std::floor(side / part))};
  config.crop_width = config.crop_height = side;
  config.crop_offset = CropOffset::rounded_to_even;
  return config;
}

}  // namespace

ImageProcessorConfig parse_timm_transform(std::string_view json, const std::string& name) {
  const nlohmann::json document = parse_json_object(json, name);
  const auto fields = JsonFields(document, name).object("pretrained_cfg");
  if (!fields) JsonFields(document, name).fail("pretrained_cfg", "is missing");
  const double part = fields->number("crop_pct", {0.1, 1.0}).value_or(0.875);
  ImageProcessorConfig config = middle_part(side_of_input(*fields), part);
  const std::string mode = fields->string("crop_mode").value_or("center");
  if (mode == "squash") {
    config.size = {.height = config.size.shortest_edge, .width = config.size.shortest_edge};
  } else if (mode != "center") {
    fields->fail("crop_mode", in_quotes(mode) + " is not supported: center and squash are",
                 ErrorCode::unsupported);
  }
  config.resample = filter_called(*fields, fields->string("interpolation").value_or("bicubic"));
  read_channels(*fields, "mean", {-1e6, 1e6}, config.image_mean);
  read_channels(*fields, "std", {1e-6, 1e6}, config.image_std);
  return config;
}

ImageProcessorConfig usual_timm_transform(const ViTConfig& config) {
  constexpr int kPatchOfDinov2 = 14;
  const int side = config.patch_size == kPatchOfDinov2 ? 224 : config.image_size;
  return middle_part(side, side < 300 ? 0.875 : 1.0);
}

}  // namespace blip
