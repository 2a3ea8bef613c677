#include "architectures/efficientnet_lite/family.hpp"

#include <array>
#include <string>

#include "architectures/efficientnet_lite/blocks.hpp"
#include "architectures/efficientnet_lite/config.hpp"
#include "architectures/efficientnet_lite/tensors.hpp"
#include "blip/error.hpp"
#include "blip/image_classification.hpp"
#include "checkpoint/config_file.hpp"
#include "core/in_quotes.hpp"
#include "core/open_file.hpp"
#include "image/configured_image_processor.hpp"
#include "image/preprocess.hpp"

namespace blip {
namespace {

constexpr std::array kClassifies = {Task::classify};
constexpr std::array<const Architecture*, 1> kArchitectures = {
    &kEfficientNetLiteForImageClassification};

EfficientNetLiteClassifierConfig config_of(const std::filesystem::path& model) {
  return EfficientNetLiteClassifierConfig::from_pretrained(model);
}

const Architecture& architecture_of(const std::filesystem::path& model) {
  const std::string name = config_of(model).architecture;
  if (!name.empty() && name != kEfficientNetLiteForImageClassification.name) {
    throw Error(ErrorCode::unsupported,
                in_quotes(name) + " is not an architecture of EfficientNet-Lite");
  }
  return kEfficientNetLiteForImageClassification;
}

ModelDescription describe(const std::filesystem::path& model) {
  const EfficientNetLiteClassifierConfig config = config_of(model);
  const EfficientNetLiteConfig& backbone = config.backbone;
  const auto blocks = blocks_of(backbone);
  return {config.architecture,
          {{.name = "vision",
            .summary = std::to_string(config.image_size) + " px; EfficientNet-Lite of " +
                       std::to_string(blocks.size()) + " blocks, " +
                       std::to_string(stem_channels(backbone)) + " to " +
                       std::to_string(backbone.hidden_dim) + " channels",
            .fields = {{"image_size", config.image_size},
                       {"backbone_blocks", std::ssize(blocks)},
                       {"hidden_dim", backbone.hidden_dim}}},
           {.name = "classes",
            .summary = std::to_string(config.labels.size()),
            .fields = {{"num_labels", std::ssize(config.labels)}}}}};
}

std::vector<ExpectedTensor> tensors_of(const std::filesystem::path& model) {
  const EfficientNetLiteClassifierConfig config = config_of(model);
  ExpectedTensorList list;
  add_efficientnet_lite(list, config.backbone, "efficientnet.");
  list.linear("classifier", std::ssize(config.labels), config.backbone.hidden_dim);
  return list.take();
}

// The strides of its convolutions are in no tensor, so config.json has to tell them.
bool has_made(const Checkpoint& /*checkpoint*/) {
  return false;
}

const Architecture& infer_architecture(const Checkpoint& /*checkpoint*/) {
  return kEfficientNetLiteForImageClassification;
}

// Which pixels it takes cannot be guessed: BLIP's defaults are of another mean and size.
ImageProcessorConfig lite_images_config(const std::filesystem::path& model) {
  return image::general_config(BlipImageProcessorConfig::from_pretrained(model));
}

std::shared_ptr<const ImageProcessor> open_images(const std::filesystem::path& model) {
  const std::filesystem::path folder = model_folder(model);
  const std::filesystem::path file = folder / "preprocessor_config.json";
  if (!file_exists(file) && !file_exists(folder / "processor_config.json")) {
    throw Error(ErrorCode::not_found, file.string() + " is missing");
  }
  return std::make_shared<const ConfiguredImageProcessor>(
      image::general_config(BlipImageProcessorConfig::from_pretrained(model)));
}

}  // namespace

constinit const Architecture kEfficientNetLiteForImageClassification = {
    .name = "EfficientNetLiteForImageClassification",
    .purpose = "classifies images",
    .tasks = kClassifies,
    .marker = "classifier.weight"};

constinit const ModelFamily kEfficientNetLiteFamily = {
    .model_type = kEfficientNetLiteType,
    .architectures = kArchitectures,
    .original_names = nullptr,
    .tokenizer_files = {},
    .architecture_of = architecture_of,
    .describe = describe,
    .expected_tensors = tensors_of,
    .tensors_of_all_classes = tensors_of,
    .has_made = has_made,
    .infer_architecture = infer_architecture,
    .inferred_config = nullptr,
    .generation_settings = nullptr,
    .image_processor_config = lite_images_config,
    .open_image_processor = open_images,
    .open_tokenizer = nullptr,
    .open_dual_encoder = nullptr,
    .open_image_classifier = open_efficientnet_lite_classifier};

}  // namespace blip
