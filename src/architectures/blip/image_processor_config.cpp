#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "architectures/blip/config_text.hpp"
#include "blip/config.hpp"
#include "checkpoint/config_file.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"
#include "core/open_file.hpp"

namespace blip {
namespace {

constexpr JsonFields::IntRange kImageSizes = {1, 16'384};

// A number for a square, {"height", "width"}, or [height, width].
void parse_size(const JsonFields& fields, BlipImageProcessorConfig& config) {
  const nlohmann::json* size = fields.find("size");
  if (size == nullptr) return;
  if (size->is_object()) {
    const JsonFields edges = *fields.object("size");
    const auto height = edges.integer("height", kImageSizes);
    const auto width = edges.integer("width", kImageSizes);
    if (!height || !width) {
      // "shortest_edge" and its like keep the aspect ratio, which BLIP never does: its position
      // embeddings are for one square.
      fields.fail("size", "must have height and width to be supported", ErrorCode::unsupported);
    }
    config.height = *height;
    config.width = *width;
  } else if (size->is_array()) {
    if (size->size() != 2) fields.fail("size", "must be a number or [height, width]");
    config.height = fields.as_integer((*size)[0], "size", kImageSizes);
    config.width = fields.as_integer((*size)[1], "size", kImageSizes);
  } else {
    config.height = config.width = fields.as_integer(*size, "size", kImageSizes);
  }
}

// Three numbers, or one for all channels.
void parse_channels(const JsonFields& fields, const char* key, JsonFields::FloatRange range,
                    std::array<float, 3>& channels) {
  const nlohmann::json* value = fields.find(key);
  if (value == nullptr) return;
  if (!value->is_array()) {
    channels.fill(static_cast<float>(fields.as_number(*value, key, range)));
    return;
  }
  if (value->size() != channels.size()) fields.fail(key, "must be 3 numbers");
  std::transform(value->begin(), value->end(), channels.begin(), [&](const nlohmann::json& item) {
    return static_cast<float>(fields.as_number(item, key, range));
  });
}

// A step is on unless the file says otherwise; null counts as off, in transformers as here.
bool is_on(const JsonFields& fields, const char* key) {
  return !fields.is_null(key) && fields.boolean(key).value_or(true);
}

void refuse(const JsonFields& fields, const char* key) {
  if (!fields.boolean(key).value_or(false)) return;
  fields.fail(key, "is not supported", ErrorCode::unsupported);
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
  parse_channels(fields, "image_mean", {-1e6, 1e6}, config.image_mean);
  // Values are divided by these.
  parse_channels(fields, "image_std", {1e-6, 1e6}, config.image_std);
  refuse(fields, "do_center_crop");
  refuse(fields, "do_pad");
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
  const std::filesystem::path shared = folder / "processor_config.json";
  if (file_exists(shared)) {
    const auto config =
        parse_processor_config(read_text_file(shared, kMaxConfigBytes), shared.string());
    if (config) return *config;
  }
  const std::filesystem::path own = folder / "preprocessor_config.json";
  if (file_exists(own)) {
    return parse_preprocessor_config(read_text_file(own, kMaxConfigBytes), own.string());
  }
  BlipImageProcessorConfig config;
  if (file_exists(folder / kConfigFile) || lacks_config(model)) {
    config.height = config.width = BlipConfig::from_pretrained(model).vision_config.image_size;
  }
  return config;
}

}  // namespace blip
