#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "architectures/config_limits.hpp"
#include "architectures/efficientnet_lite/config.hpp"
#include "architectures/label_names.hpp"
#include "blip/image_classification.hpp"
#include "checkpoint/config_file.hpp"
#include "core/json_text.hpp"
#include "core/open_file.hpp"

namespace blip {
EfficientNetLiteClassifierConfig parse_efficientnet_lite_classifier(std::string_view json,
                                                                    const std::string& name) {
  const nlohmann::json document = parse_json_object(json, name);
  const JsonFields fields(document, name);
  EfficientNetLiteClassifierConfig config;
  config.architecture = read_architecture(fields);
  config.backbone = parse_efficientnet_lite(fields);
  config.image_size = fields.integer("image_size", kPixelSizes).value_or(config.image_size);
  config.labels = read_labels(fields);
  return config;
}

EfficientNetLiteClassifierConfig EfficientNetLiteClassifierConfig::from_pretrained(
    const std::filesystem::path& model) {
  const std::filesystem::path file = model_folder(model) / kConfigFile;
  return parse_efficientnet_lite_classifier(read_text_file(file, kMaxConfigBytes), file.string());
}

}  // namespace blip
