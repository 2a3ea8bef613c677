#include "architectures/clip/family.hpp"

#include <array>
#include <string>

#include "architectures/clip/config.hpp"
#include "architectures/clip/description.hpp"
#include "architectures/clip/infer_config.hpp"
#include "architectures/clip/open_clip_transform.hpp"
#include "architectures/clip/original_names.hpp"
#include "architectures/clip/tokenizer_directory.hpp"
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
constexpr const char* kTextTowerMarker = "text_model.embeddings.position_embedding.weight";
constexpr const char* kVisionTowerMarker = "vision_model.embeddings.class_embedding";

constexpr std::array kEmbeds = {Task::embed};
constexpr std::array kClassifies = {Task::classify};
// Those of a model type stand together.
constexpr std::array<const Architecture*, 6> kArchitectures = {
    &kCLIPModel,     &kCLIPForImageClassification,    &kCLIPTextModelWithProjection,
    &kCLIPTextModel, &kCLIPVisionModelWithProjection, &kCLIPVisionModel};
constexpr std::array kTokenizerFiles = {"tokenizer.json",
                                        "vocab.json",
                                        "merges.txt",
                                        "tokenizer_config.json",
                                        "special_tokens_map.json",
                                        "added_tokens.json",
                                        "bpe_simple_vocab_16e6.txt.gz"};

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

// Of a checkpoint without config.json.
std::string layout_of(const Checkpoint& checkpoint) {
  if (!checkpoint.has_original_names()) return "";
  return is_openai_clip(checkpoint) ? "OpenAI's TorchScript archive" : "open_clip";
}

ModelDescription describe_model(const std::filesystem::path& model) {
  const CLIPConfig config = CLIPConfig::from_pretrained(model);
  ModelDescription description = {.architecture = config.architecture, .parts = {}};
  if (config.model_type != kClipTextType) {
    description.parts.push_back(describe_clip_vision(config.vision_config, config.projection_dim));
  }
  if (config.model_type != kClipVisionType) {
    description.parts.push_back(describe_clip_text(config.text_config, config.projection_dim));
  }
  if (lacks_config(model)) description.layout = layout_of(Checkpoint::open(model));
  return description;
}

// A tower alone may have its tensors' prefix or not; where there are no weights, not.
std::string prefix_in(const std::filesystem::path& model, const char* prefix, const char* marker) {
  if (!is_plain_file(model) && !find_weights(model)) return "";
  const Checkpoint checkpoint = Checkpoint::open(model);
  return checkpoint.find(marker) != nullptr ? prefix : "";
}

std::vector<ExpectedTensor> tensors_of(const std::filesystem::path& model) {
  const CLIPConfig config = CLIPConfig::from_pretrained(model);
  const Architecture& architecture = architecture_named(config);
  if (&architecture == &kCLIPTextModelWithProjection) return clip_text_tensors(config);
  if (&architecture == &kCLIPVisionModelWithProjection) return clip_vision_tensors(config);
  if (&architecture == &kCLIPForImageClassification) return clip_classifier_tensors(config);
  if (&architecture == &kCLIPTextModel) {
    return clip_text_tower_tensors(config, prefix_in(model, kClipTextPrefix, kTextTowerMarker));
  }
  if (&architecture == &kCLIPVisionModel) {
    return clip_vision_tower_tensors(config,
                                     prefix_in(model, kClipVisionPrefix, kVisionTowerMarker));
  }
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

// A checkpoint of OpenAI or open_clip has its image size in the tensors, and their way to crop.
ImageProcessorConfig clip_images_config(const std::filesystem::path& model) {
  const std::filesystem::path folder = model_folder(model);
  const bool has_file = file_exists(folder / "preprocessor_config.json") ||
                        file_exists(folder / "processor_config.json");
  if (has_file) return ImageProcessorConfig::from_pretrained(folder, "CLIPImageProcessor");
  const int side = CLIPConfig::from_pretrained(model).vision_config.image_size;
  if (!lacks_config(model)) return transformers_clip_transform(side);
  const std::filesystem::path open_clip = folder / kOpenClipConfig;
  if (!file_exists(open_clip)) return openai_clip_transform(side);
  return parse_open_clip_transform(read_text_file(open_clip, kMaxConfigBytes), open_clip.string(),
                                   side);
}

std::shared_ptr<const ImageProcessor> open_clip_images(const std::filesystem::path& model) {
  return std::make_shared<const ConfiguredImageProcessor>(clip_images_config(model));
}

std::shared_ptr<const Tokenizer> open_clip_texts(const std::filesystem::path& model,
                                                 const std::filesystem::path& processor) {
  const std::filesystem::path& place = processor.empty() ? model : processor;
  const std::filesystem::path folder =
      find_clip_tokenizer_directory(place).value_or(model_folder(place));
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
          .tokenizer_directory = find_clip_tokenizer_directory,
          .open_dual_encoder = open_clip_dual_encoder,
          .open_image_classifier = classes.front() == &kCLIPModel ? open_clip_classifier : nullptr};
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

constinit const Architecture kCLIPForImageClassification = {.name = "CLIPForImageClassification",
                                                            .purpose = "classifies images",
                                                            .tasks = kClassifies,
                                                            .marker = "classifier.weight",
                                                            .marker_suffices = false};

constinit const Architecture kCLIPTextModel = {.name = "CLIPTextModel",
                                               .purpose = "embeds texts",
                                               .tasks = kEmbeds,
                                               .marker = kTextTowerMarker};

constinit const Architecture kCLIPVisionModel = {.name = "CLIPVisionModel",
                                                 .purpose = "embeds images",
                                                 .tasks = kEmbeds,
                                                 .marker = kVisionTowerMarker};

constinit const ModelFamily kClipFamily =
    family(kClipType, std::span(kArchitectures).first(2), true);
constinit const ModelFamily kClipTextFamily =
    family(kClipTextType, std::span(kArchitectures).subspan(2, 2), true);
constinit const ModelFamily kClipVisionFamily =
    family(kClipVisionType, std::span(kArchitectures).last(2), false);

}  // namespace blip
