#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "architectures/efficientnet_lite/config.hpp"
#include "blip/image_classification.hpp"
#include "checkpoint/config_file.hpp"
#include "core/json_text.hpp"
#include "core/open_file.hpp"

namespace blip {
namespace {

// ImageNet-21k has 21,843 classes.
constexpr int kMaxLabels = 100'000;
constexpr JsonFields::IntRange kPixelRange = {1, 16'384};

// id2label: {"0": "tench", "1": "goldfish", …}, each number once.
std::vector<std::string> named_labels(const JsonFields& fields, const nlohmann::json& names) {
  if (!names.is_object() || names.empty() || names.size() > kMaxLabels) {
    fields.fail("id2label", "must name 1 to " + std::to_string(kMaxLabels) + " classes");
  }
  std::vector<std::string> labels(names.size());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto name = names.find(std::to_string(i));
    if (name == names.end() || !name->is_string()) {
      fields.fail("id2label", "has " + std::to_string(labels.size()) +
                                  " classes, but no name of class " + std::to_string(i));
    }
    labels[i] = name->get<std::string>();
  }
  return labels;
}

// As transformers calls classes that nobody named.
std::vector<std::string> numbered_labels(int count) {
  std::vector<std::string> labels;
  labels.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) labels.push_back("LABEL_" + std::to_string(i));
  return labels;
}

std::vector<std::string> read_labels(const JsonFields& fields) {
  const auto count = fields.integer("num_labels", {1, kMaxLabels});
  const nlohmann::json* names = fields.find("id2label");
  if (names == nullptr) return numbered_labels(count.value_or(2));
  std::vector<std::string> labels = named_labels(fields, *names);
  if (count && *count != std::ssize(labels)) {
    fields.fail("num_labels", "is " + std::to_string(*count) + ", but id2label names " +
                                  std::to_string(labels.size()) + " classes");
  }
  return labels;
}

}  // namespace

EfficientNetLiteClassifierConfig parse_efficientnet_lite_classifier(std::string_view json,
                                                                    const std::string& name) {
  const nlohmann::json document = parse_json_object(json, name);
  const JsonFields fields(document, name);
  EfficientNetLiteClassifierConfig config;
  config.architecture = read_architecture(fields);
  config.backbone = parse_efficientnet_lite(fields);
  config.image_size = fields.integer("image_size", kPixelRange).value_or(config.image_size);
  config.labels = read_labels(fields);
  return config;
}

EfficientNetLiteClassifierConfig EfficientNetLiteClassifierConfig::from_pretrained(
    const std::filesystem::path& model) {
  const std::filesystem::path file = model_folder(model) / kConfigFile;
  return parse_efficientnet_lite_classifier(read_text_file(file, kMaxConfigBytes), file.string());
}

}  // namespace blip
