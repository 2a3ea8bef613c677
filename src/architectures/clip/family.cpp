#include "architectures/clip/family.hpp"

#include <array>
#include <string>

#include "architectures/clip/config.hpp"
#include "architectures/clip/infer_config.hpp"
#include "architectures/clip/original_names.hpp"
#include "architectures/clip/towers.hpp"
#include "blip/clip_tokenizer.hpp"
#include "blip/error.hpp"
#include "checkpoint/config_file.hpp"
#include "core/in_quotes.hpp"
#include "core/open_file.hpp"
#include "image/configured_image_processor.hpp"

namespace blip {
namespace {

constexpr std::array kMatches = {Task::match, Task::embed, Task::rank};
constexpr std::array kEmbeds = {Task::embed};
constexpr std::array<const Architecture*, 3> kArchitectures = {
    &kCLIPModel, &kCLIPTextModelWithProjection, &kCLIPVisionModelWithProjection};
constexpr std::array kTokenizerFiles = {
    "tokenizer.json",          "vocab.json",       "merges.txt", "tokenizer_config.json",
    "special_tokens_map.json", "added_tokens.json"};

const Architecture& architecture_named(const CLIPConfig& config) {
  for (const Architecture* architecture : kArchitectures) {
    if (config.architecture == architecture->name) return *architecture;
  }
  if (!config.architecture.empty()) {
    throw Error(ErrorCode::unsupported,
                in_quotes(config.architecture) + " is not an architecture of CLIP");
  }
  if (config.model_type == kClipTextType) return kCLIPTextModelWithProjection;
  if (config.model_type == kClipVisionType) return kCLIPVisionModelWithProjection;
  return kCLIPModel;
}

const Architecture& architecture_of(const std::filesystem::path& model) {
  return architecture_named(CLIPConfig::from_pretrained(model));
}

std::string layers_text(int layers, int width, int heads, int inner) {
  return std::to_string(layers) + " layers, width " + std::to_string(width) + ", " +
         std::to_string(heads) + " heads, MLP " + std::to_string(inner);
}

ConfigPart describe(const CLIPVisionConfig& config, int projection_dim) {
  return {.name = "vision",
          .summary = std::to_string(config.image_size) + " px, patch " +
                     std::to_string(config.patch_size) + "; " +
                     layers_text(config.num_hidden_layers, config.hidden_size,
                                 config.num_attention_heads, config.intermediate_size) +
                     ", " + config.hidden_act + ", to " + std::to_string(projection_dim),
          .fields = {{"image_size", config.image_size},
                     {"patch_size", config.patch_size},
                     {"num_hidden_layers", config.num_hidden_layers},
                     {"hidden_size", config.hidden_size},
                     {"num_attention_heads", config.num_attention_heads},
                     {"intermediate_size", config.intermediate_size},
                     {"projection_dim", projection_dim}}};
}

ConfigPart describe(const CLIPTextConfig& config, int projection_dim) {
  return {.name = "text",
          .summary = "vocabulary " + std::to_string(config.vocab_size) + ", " +
                     std::to_string(config.max_position_embeddings) + " positions; " +
                     layers_text(config.num_hidden_layers, config.hidden_size,
                                 config.num_attention_heads, config.intermediate_size) +
                     ", " + config.hidden_act + ", to " + std::to_string(projection_dim),
          .fields = {{"vocab_size", config.vocab_size},
                     {"max_position_embeddings", config.max_position_embeddings},
                     {"num_hidden_layers", config.num_hidden_layers},
                     {"hidden_size", config.hidden_size},
                     {"num_attention_heads", config.num_attention_heads},
                     {"intermediate_size", config.intermediate_size},
                     {"projection_dim", projection_dim}}};
}

ModelDescription describe_model(const std::filesystem::path& model) {
  const CLIPConfig config = CLIPConfig::from_pretrained(model);
  ModelDescription description = {.architecture = config.architecture, .parts = {}};
  if (config.model_type != kClipTextType) {
    description.parts.push_back(describe(config.vision_config, config.projection_dim));
  }
  if (config.model_type != kClipVisionType) {
    description.parts.push_back(describe(config.text_config, config.projection_dim));
  }
  return description;
}

std::vector<ExpectedTensor> tensors_of(const std::filesystem::path& model) {
  const CLIPConfig config = CLIPConfig::from_pretrained(model);
  const Architecture& architecture = architecture_named(config);
  if (&architecture == &kCLIPTextModelWithProjection) return clip_text_tensors(config);
  if (&architecture == &kCLIPVisionModelWithProjection) return clip_vision_tensors(config);
  return clip_tensors(config);
}

std::string inferred_clip_config(const Checkpoint& checkpoint) {
  return clip_config_as_json(infer_clip_config(checkpoint));
}

const Architecture& infer_architecture(const Checkpoint& checkpoint) {
  const bool has_texts = checkpoint.find(kClipTextProjection) != nullptr;
  const bool has_images = checkpoint.find(kClipVisualProjection) != nullptr;
  if (has_texts && !has_images) return kCLIPTextModelWithProjection;
  if (has_images && !has_texts) return kCLIPVisionModelWithProjection;
  return kCLIPModel;
}

// A checkpoint without a configuration has its image size in the tensors.
ImageProcessorConfig clip_images_config(const std::filesystem::path& model) {
  const std::filesystem::path folder = model_folder(model);
  const bool has_file = file_exists(folder / "preprocessor_config.json") ||
                        file_exists(folder / "processor_config.json");
  ImageProcessorConfig config = ImageProcessorConfig::from_pretrained(folder, "CLIPImageProcessor");
  if (!has_file) {
    const int side = CLIPConfig::from_pretrained(model).vision_config.image_size;
    config.size = {.shortest_edge = side};
    config.crop_height = config.crop_width = side;
  }
  return config;
}

std::shared_ptr<const ImageProcessor> open_clip_images(const std::filesystem::path& model) {
  return std::make_shared<const ConfiguredImageProcessor>(clip_images_config(model));
}

std::shared_ptr<const Tokenizer> open_clip_texts(const std::filesystem::path& model,
                                                 const std::filesystem::path& processor) {
  const std::filesystem::path folder = model_folder(processor.empty() ? model : processor);
  return std::make_shared<const ClipTokenizer>(ClipTokenizer::from_pretrained(folder));
}

constexpr ModelFamily family(const char* model_type, std::span<const Architecture* const> classes,
                             bool reads_texts) {
  return {.model_type = model_type,
          .architectures = classes,
          .original_names = &kClipOriginalNames,
          .tokenizer_files = reads_texts ? std::span<const char* const>(kTokenizerFiles)
                                         : std::span<const char* const>(),
          .architecture_of = architecture_of,
          .describe = describe_model,
          .expected_tensors = tensors_of,
          .tensors_of_all_classes = tensors_of,
          .has_made = is_clip,
          .infer_architecture = infer_architecture,
          .inferred_config = inferred_clip_config,
          .generation_settings = nullptr,
          .image_processor_config = clip_images_config,
          .open_image_processor = open_clip_images,
          .open_tokenizer = reads_texts ? open_clip_texts : nullptr,
          .open_dual_encoder = open_clip_dual_encoder,
          .open_image_classifier = nullptr};
}

}  // namespace

constinit const Architecture kCLIPModel = {.name = "CLIPModel",
                                           .purpose = "embeds images and texts",
                                           .tasks = kMatches,
                                           .marker = kClipLogitScale};

constinit const Architecture kCLIPTextModelWithProjection = {.name = "CLIPTextModelWithProjection",
                                                             .purpose = "embeds texts",
                                                             .tasks = kEmbeds,
                                                             .marker = kClipTextProjection};

constinit const Architecture kCLIPVisionModelWithProjection = {
    .name = "CLIPVisionModelWithProjection",
    .purpose = "embeds images",
    .tasks = kEmbeds,
    .marker = kClipVisualProjection};

constinit const ModelFamily kClipFamily =
    family(kClipType, std::span(kArchitectures).first(1), true);
constinit const ModelFamily kClipTextFamily =
    family(kClipTextType, std::span(kArchitectures).subspan(1, 1), true);
constinit const ModelFamily kClipVisionFamily =
    family(kClipVisionType, std::span(kArchitectures).last(1), false);

}  // namespace blip
