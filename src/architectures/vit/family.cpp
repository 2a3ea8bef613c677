#include "architectures/vit/family.hpp"

#include <string>
#include <string_view>

#include "architectures/vit/architectures.hpp"
#include "architectures/vit/config.hpp"
#include "architectures/vit/dinov2_names.hpp"
#include "architectures/vit/timm_config.hpp"
#include "architectures/vit/timm_transform.hpp"
#include "checkpoint/config_file.hpp"
#include "core/open_file.hpp"
#include "image/configured_image_processor.hpp"

namespace blip {
namespace {

const Architecture& architecture_of_vit(const std::filesystem::path& model) {
  return vit_architecture(ViTConfig::from_pretrained(model));
}

std::string timm_layout(const ViTConfig& config) {
  if (config.timm->from_facebook) return "Facebook's DINOv2";
  return config.timm->architecture.empty() ? "timm" : "timm, " + config.timm->architecture;
}

ModelDescription describe_vit(const std::filesystem::path& model) {
  const ViTConfig config = ViTConfig::from_pretrained(model);
  const auto text = [](auto number) { return std::to_string(number); };
  std::string summary = text(config.image_size) + " px, patch " + text(config.patch_size) + "; " +
                        text(config.num_hidden_layers) + " layers, width " +
                        text(config.hidden_size) + ", " + text(config.num_attention_heads) +
                        " heads, MLP " + text(config.intermediate_size) +
                        (config.use_swiglu_ffn ? " (SwiGLU)" : "");
  if (config.num_register_tokens > 0) {
    summary += ", " + text(config.num_register_tokens) + " registers";
  }
  ModelDescription description = {
      .architecture = config.architecture,
      .parts = {{.name = "vision",
                 .summary = std::move(summary),
                 .fields = {{"image_size", config.image_size},
                            {"patch_size", config.patch_size},
                            {"num_hidden_layers", config.num_hidden_layers},
                            {"hidden_size", config.hidden_size},
                            {"num_attention_heads", config.num_attention_heads},
                            {"intermediate_size", config.intermediate_size},
                            {"num_register_tokens", config.num_register_tokens}}}}};
  if (config.timm) description.layout = timm_layout(config);
  if (vit_architecture(config).head != VitHead::none) {
    description.parts.push_back({.name = "classes",
                                 .summary = text(config.labels.size()),
                                 .fields = {{"num_labels", std::ssize(config.labels)}}});
  }
  return description;
}

std::vector<ExpectedTensor> vit_tensors_of(const std::filesystem::path& model) {
  return vit_tensors(ViTConfig::from_pretrained(model));
}

bool has_made_no_bare_file(const Checkpoint& /*checkpoint*/) {
  return false;
}

// Without a file, the defaults of the class of that model type.
const char* image_processor_class(std::string_view model_type) {
  if (model_type == kVitType) return "ViTImageProcessor";
  return model_type == kDeitType ? "DeiTImageProcessor" : "BitImageProcessor";
}

template <const char* const& kModelType>
ImageProcessorConfig vit_images_config(const std::filesystem::path& model) {
  return ImageProcessorConfig::from_pretrained(model_folder(model),
                                               image_processor_class(kModelType));
}

template <const char* const& kModelType>
std::shared_ptr<const ImageProcessor> open_vit_images(const std::filesystem::path& model) {
  return std::make_shared<const ConfiguredImageProcessor>(vit_images_config<kModelType>(model));
}

template <const char* const& kModelType>
const Architecture& infer_vit(const Checkpoint& /*checkpoint*/) {
  return *vit_architectures(kModelType).front();
}

template <const char* const& kModelType>
ModelFamily family_of_type() {
  return {.model_type = kModelType,
          .architectures = vit_architectures(kModelType),
          .original_names = nullptr,
          .tokenizer_files = {},
          .architecture_of = architecture_of_vit,
          .describe = describe_vit,
          .expected_tensors = vit_tensors_of,
          .tensors_of_all_classes = vit_tensors_of,
          .has_made = has_made_no_bare_file,
          .infer_architecture = infer_vit<kModelType>,
          .inferred_config = nullptr,
          .generation_settings = nullptr,
          .image_processor_config = vit_images_config<kModelType>,
          .open_image_processor = open_vit_images<kModelType>,
          .open_tokenizer = nullptr,
          .open_dual_encoder = open_vit_image_encoder,
          .open_image_classifier = open_vit_classifier};
}

// timm's config.json tells how pictures are prepared as well.
ImageProcessorConfig timm_images_config(const std::filesystem::path& model) {
  if (lacks_config(model)) return usual_timm_transform(ViTConfig::from_pretrained(model));
  const std::filesystem::path file = model_folder(model) / kConfigFile;
  return parse_timm_transform(read_text_file(file, kMaxConfigBytes), file.string());
}

std::shared_ptr<const ImageProcessor> open_timm_images(const std::filesystem::path& model) {
  return std::make_shared<const ConfiguredImageProcessor>(timm_images_config(model));
}

const Architecture& infer_timm(const Checkpoint& checkpoint) {
  return vit_architecture(infer_timm_config(checkpoint));
}

std::string inferred_timm_config(const Checkpoint& checkpoint) {
  return timm_config_as_json(infer_timm_config(checkpoint));
}

ModelFamily timm_family() {
  ModelFamily family = family_of_type<kTimmType>();
  family.original_names = &kDinov2OriginalNames;
  family.has_made = is_timm_vit;
  family.infer_architecture = infer_timm;
  family.inferred_config = inferred_timm_config;
  family.image_processor_config = timm_images_config;
  family.open_image_processor = open_timm_images;
  return family;
}

}  // namespace

const ModelFamily kVitFamily = family_of_type<kVitType>();
const ModelFamily kDeitFamily = family_of_type<kDeitType>();
const ModelFamily kDinov2Family = family_of_type<kDinov2Type>();
const ModelFamily kDinov2RegistersFamily = family_of_type<kDinov2RegistersType>();
const ModelFamily kTimmFamily = timm_family();

}  // namespace blip
