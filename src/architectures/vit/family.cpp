#include "architectures/vit/family.hpp"

#include <string>

#include "architectures/vit/architectures.hpp"
#include "architectures/vit/config.hpp"
#include "image/configured_image_processor.hpp"

namespace blip {
namespace {

const Architecture& architecture_of_vit(const std::filesystem::path& model) {
  return vit_architecture(ViTConfig::from_pretrained(model));
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

bool has_made_vit(const Checkpoint& /*checkpoint*/) {
  return false;
}

// Without a file, the defaults of the class of that model type.
ImageProcessorConfig vit_images_config(const std::filesystem::path& model) {
  const std::string type = ViTConfig::from_pretrained(model).model_type;
  return ImageProcessorConfig::from_pretrained(model, type == kVitType    ? "ViTImageProcessor"
                                                      : type == kDeitType ? "DeiTImageProcessor"
                                                                          : "BitImageProcessor");
}

std::shared_ptr<const ImageProcessor> open_vit_images(const std::filesystem::path& model) {
  return std::make_shared<const ConfiguredImageProcessor>(vit_images_config(model));
}

template <const char* const& kModelType>
const Architecture& infer_vit(const Checkpoint& /*checkpoint*/) {
  return *vit_architectures(kModelType).front();
}

ModelFamily family_of_type(const char* model_type,
                           const Architecture& (*infer)(const Checkpoint& checkpoint)) {
  return {.model_type = model_type,
          .architectures = vit_architectures(model_type),
          .original_names = nullptr,
          .tokenizer_files = {},
          .architecture_of = architecture_of_vit,
          .describe = describe_vit,
          .expected_tensors = vit_tensors_of,
          .tensors_of_all_classes = vit_tensors_of,
          .has_made = has_made_vit,
          .infer_architecture = infer,
          .inferred_config = nullptr,
          .generation_settings = nullptr,
          .image_processor_config = vit_images_config,
          .open_image_processor = open_vit_images,
          .open_tokenizer = nullptr,
          .open_dual_encoder = open_vit_image_encoder,
          .open_image_classifier = open_vit_classifier};
}

}  // namespace

const ModelFamily kVitFamily = family_of_type(kVitType, infer_vit<kVitType>);
const ModelFamily kDeitFamily = family_of_type(kDeitType, infer_vit<kDeitType>);
const ModelFamily kDinov2Family = family_of_type(kDinov2Type, infer_vit<kDinov2Type>);
const ModelFamily kDinov2RegistersFamily =
    family_of_type(kDinov2RegistersType, infer_vit<kDinov2RegistersType>);

}  // namespace blip
