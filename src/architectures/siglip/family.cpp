#include "architectures/siglip/family.hpp"

#include <array>
#include <string>

#include "architectures/siglip/config.hpp"
#include "architectures/siglip/towers.hpp"
#include "blip/error.hpp"
#include "blip/gemma_tokenizer.hpp"
#include "blip/siglip_tokenizer.hpp"
#include "checkpoint/config_file.hpp"
#include "core/in_quotes.hpp"
#include "core/open_file.hpp"
#include "image/configured_image_processor.hpp"

namespace blip {
namespace {

constexpr std::array kSiglipTasks = {Task::match, Task::embed, Task::rank};
constexpr std::array<const Architecture*, 1> kSiglipArchitectures = {&kSiglipModel};
constexpr std::array kSiglipTokenizerFiles = {"spiece.model", "tokenizer.json",
                                              "tokenizer_config.json", "special_tokens_map.json",
                                              "added_tokens.json"};

const Architecture& siglip_architecture_of(const std::filesystem::path& model) {
  const SiglipConfig config = SiglipConfig::from_pretrained(model);
  if (!config.architecture.empty() && config.architecture != kSiglipModel.name) {
    throw Error(ErrorCode::unsupported,
                model.string() + ": " + in_quotes(config.architecture) +
                    " is not supported: of SigLIP's architectures, SiglipModel is");
  }
  return kSiglipModel;
}

template <typename Config>
ConfigPart describe_siglip_tower(const Config& config, const char* name, std::string summary) {
  summary += std::to_string(config.num_hidden_layers) + " layers, width " +
             std::to_string(config.hidden_size) + ", " +
             std::to_string(config.num_attention_heads) + " heads, MLP " +
             std::to_string(config.intermediate_size) + ", " + config.hidden_act;
  return {.name = name,
          .summary = std::move(summary),
          .fields = {{"num_hidden_layers", config.num_hidden_layers},
                     {"hidden_size", config.hidden_size},
                     {"num_attention_heads", config.num_attention_heads},
                     {"intermediate_size", config.intermediate_size}}};
}

ModelDescription describe_siglip(const std::filesystem::path& model) {
  const SiglipConfig config = SiglipConfig::from_pretrained(model);
  const SiglipVisionConfig& vision = config.vision_config;
  const SiglipTextConfig& text = config.text_config;
  ModelDescription description = {.architecture = config.architecture, .parts = {}};
  ConfigPart images = describe_siglip_tower(
      vision, "vision",
      std::to_string(vision.image_size) + " px, patch " + std::to_string(vision.patch_size) + "; ");
  images.fields.insert(images.fields.begin(),
                       {{"image_size", vision.image_size}, {"patch_size", vision.patch_size}});
  ConfigPart texts =
      describe_siglip_tower(text, "text",
                            "vocabulary " + std::to_string(text.vocab_size) + ", " +
                                std::to_string(text.max_position_embeddings) + " positions; ");
  texts.summary += ", to " + std::to_string(text.projection_size);
  texts.fields.insert(
      texts.fields.begin(),
      {{"vocab_size", text.vocab_size}, {"max_position_embeddings", text.max_position_embeddings}});
  texts.fields.emplace_back("projection_size", text.projection_size);
  description.parts = {std::move(images), std::move(texts)};
  return description;
}

std::vector<ExpectedTensor> siglip_tensors_of(const std::filesystem::path& model) {
  return siglip_tensors(SiglipConfig::from_pretrained(model));
}

// Nothing in the tensors' names tells SigLIP's heads, so its checkpoints need their config.json.
bool siglip_has_made(const Checkpoint& /*checkpoint*/) {
  return false;
}

const Architecture& infer_siglip_architecture(const Checkpoint& /*checkpoint*/) {
  return kSiglipModel;
}

ImageProcessorConfig siglip_images_config(const std::filesystem::path& model) {
  return ImageProcessorConfig::from_pretrained(model_folder(model), "SiglipImageProcessor");
}

std::shared_ptr<const ImageProcessor> open_siglip_images(const std::filesystem::path& model) {
  return std::make_shared<const ConfiguredImageProcessor>(siglip_images_config(model));
}

// SigLIP has a file of SentencePiece's, and sometimes a tokenizer.json made of it, which
// transformers leaves aside; SigLIP 2 has a tokenizer.json alone, of Gemma's kind.
std::shared_ptr<const Tokenizer> open_siglip_texts(const std::filesystem::path& model,
                                                   const std::filesystem::path& processor) {
  const std::filesystem::path folder = model_folder(processor.empty() ? model : processor);
  const bool is_gemma =
      !file_exists(folder / "spiece.model") && file_exists(folder / "tokenizer.json");
  if (is_gemma) {
    return std::make_shared<const GemmaTokenizer>(GemmaTokenizer::from_pretrained(folder));
  }
  return std::make_shared<const SiglipTokenizer>(SiglipTokenizer::from_pretrained(folder));
}

}  // namespace

constinit const Architecture kSiglipModel = {.name = "SiglipModel",
                                             .purpose = "embeds images and texts",
                                             .tasks = kSiglipTasks,
                                             .marker = "vision_model.head.probe"};

constinit const ModelFamily kSiglipFamily = {.model_type = kSiglipType,
                                             .architectures = kSiglipArchitectures,
                                             .original_names = nullptr,
                                             .tokenizer_files = kSiglipTokenizerFiles,
                                             .architecture_of = siglip_architecture_of,
                                             .describe = describe_siglip,
                                             .expected_tensors = siglip_tensors_of,
                                             .tensors_of_all_classes = siglip_tensors_of,
                                             .has_made = siglip_has_made,
                                             .infer_architecture = infer_siglip_architecture,
                                             .inferred_config = nullptr,
                                             .generation_settings = nullptr,
                                             .image_processor_config = siglip_images_config,
                                             .open_image_processor = open_siglip_images,
                                             .open_tokenizer = open_siglip_texts,
                                             .open_dual_encoder = open_siglip_dual_encoder,
                                             .open_image_classifier = nullptr,
                                             .refused_model_type = kSiglipNaFlexType};

}  // namespace blip
