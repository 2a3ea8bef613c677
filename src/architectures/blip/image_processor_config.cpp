#include <nlohmann/json.hpp>
#include <optional>

#include "architectures/blip/config_text.hpp"
#include "architectures/image_processor_fields.hpp"
#include "blip/config.hpp"
#include "checkpoint/config_file.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"
#include "core/open_file.hpp"

namespace blip {
namespace {

// A number for a square, {"height", "width"}, or [height, width].
void parse_size(const JsonFields& fields, BlipImageProcessorConfig& config) {
  const nlohmann::json* size = fields.find("size");
  if (size == nullptr) return;
  if (size->is_object()) {
    const JsonFields edges = *fields.object("size");
    const auto height = edges.integer("height", kImageSides);
    const auto width = edges.integer("width", kImageSides);
    if (!height || !width) {
      // "shortest_edge" and its like keep the aspect ratio, which BLIP never does: its position
      // embeddings are for one square.
      fields.fail("size", "must have height and width to be supported", ErrorCode::unsupported);
    }
    config.height = *height;
    config.width = *width;
  } else if (size->is_array()) {
    if (size->size() != 2) fields.fail("size", "must be a number or [height, width]");
    config.height = fields.as_integer((*size)[0], "size", kImageSides);
    config.width = fields.as_integer((*size)[1], "size", kImageSides);
  } else {
    config.height = config.width = fields.as_integer(*size, "size", kImageSides);
  }
}

BlipImageProcessorConfig parse_fields(const JsonFields& fields) {
  BlipImageProcessorConfig config;
  config.do_resize = is_on(fields, "do_resize");
  parse_size(fields, config);
  config.resample = static_cast<Resample>(
      fields.integer("resample", {0, 5}).value_or(static_cast<int>(config.resample)));
  config.do_rescale = is_on(fields, "do_rescale");
  config.rescale_factor =
      fields.number("rescale_factor", {-1e6, 1e6}).value_or(config.rescale_factor);
  config.do_normalize = is_on(fields, "do_normalize");
  read_channels(fields, "image_mean", {-1e6, 1e6}, config.image_mean);
  // Values are divided by these.
  read_channels(fields, "image_std", {1e-6, 1e6}, config.image_std);
  refuse_step(fields, "do_center_crop");
  refuse_step(fields, "do_pad");
  return config;
}

}  // namespace

BlipImageProcessorConfig parse_preprocessor_config(std::string_view json, const std::string& name) {
  const nlohmann::json document = parse_json_object(json, name);
  return parse_fields(JsonFields(document, name));
}

std::optional<BlipImageProcessorConfig> parse_processor_config(std::string_view json,
                                                               const std::string& name) {
  const nlohmann::json document = parse_json_object(json, name);
  const auto fields = JsonFields(document, name).object("image_processor");
  if (!fields) return std::nullopt;
  return parse_fields(*fields);
}

BlipImageProcessorConfig BlipImageProcessorConfig::from_pretrained(
    const std::filesystem::path& model) {
  const std::filesystem::path folder = model_folder(model);
  BlipImageProcessorConfig config;
  const auto read = [&](const JsonFields& fields) { config = parse_fields(fields); };
  if (with_image_processor_fields(folder, read)) return config;
  if (file_exists(folder / kConfigFile) || lacks_config(model)) {
    config.height = config.width = BlipConfig::from_pretrained(model).vision_config.image_size;
  }
  return config;
}

}  // namespace blip
