#include "architectures/blip/family.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>

#include "architectures/blip/architectures.hpp"
#include "architectures/blip/config_writer.hpp"
#include "architectures/blip/infer_config.hpp"
#include "architectures/blip/original_names.hpp"
#include "architectures/blip/tensors.hpp"
#include "architectures/blip/tokenizer_directory.hpp"
#include "architectures/efficientnet_lite/blocks.hpp"
#include "image/configured_image_processor.hpp"
#include "image/preprocess.hpp"

namespace blip {
namespace {

constexpr std::array<const Architecture*, 5> kArchitectures = {
    &kBlipForConditionalGeneration, &kBlipForQuestionAnswering, &kBlipForImageTextRetrieval,
    &kBlipForNLVR, &kBlipModel};

constexpr std::array kTokenizerFiles = {"tokenizer.json", "vocab.txt", "tokenizer_config.json",
                                        "special_tokens_map.json", "added_tokens.json"};

const Architecture& architecture_of(const std::filesystem::path& model) {
  return blip_architecture(BlipConfig::from_pretrained(model).architecture);
}

ConfigPart describe(const BlipVisionConfig& config) {
  const auto text = [](auto number) { return std::to_string(number); };
  const int grid = config.grid(config.image_size);
  const std::string patches =
      config.backbone_config ? "EfficientNet-Lite to " + text(grid) + " x " + text(grid) + " places"
                             : "patch " + text(config.patch_size);
  ConfigPart part = {.name = "vision",
                     .summary = text(config.image_size) + " px, " + patches + "; " +
                                text(config.num_hidden_layers) + " layers, width " +
                                text(config.hidden_size) + ", " + text(config.num_attention_heads) +
                                " heads, MLP " + text(config.intermediate_size),
                     .fields = {{"image_size", config.image_size},
                                {"patch_size", config.patch_size},
                                {"num_hidden_layers", config.num_hidden_layers},
                                {"hidden_size", config.hidden_size},
                                {"num_attention_heads", config.num_attention_heads},
                                {"intermediate_size", config.intermediate_size}}};
  if (config.backbone_config) {
    part.fields.emplace_back("backbone_blocks", std::ssize(blocks_of(*config.backbone_config)));
  }
  return part;
}

ConfigPart describe(const BlipTextConfig& config) {
  const auto text = [](auto number) { return std::to_string(number); };
  return {.name = "text",
          .summary = "vocabulary " + text(config.vocab_size) + ", " +
                     text(config.max_position_embeddings) + " positions; " +
                     text(config.num_hidden_layers) + " layers, width " + text(config.hidden_size) +
                     ", " + text(config.num_attention_heads) + " heads, MLP " +
                     text(config.intermediate_size),
          .fields = {{"vocab_size", config.vocab_size},
                     {"max_position_embeddings", config.max_position_embeddings},
                     {"num_hidden_layers", config.num_hidden_layers},
                     {"hidden_size", config.hidden_size},
                     {"num_attention_heads", config.num_attention_heads},
                     {"intermediate_size", config.intermediate_size}}};
}

ModelDescription describe_model(const std::filesystem::path& model) {
  const BlipConfig config = BlipConfig::from_pretrained(model);
  return {config.architecture, {describe(config.vision_config), describe(config.text_config)}};
}

std::vector<ExpectedTensor> tensors_of_all_classes(const std::filesystem::path& model) {
  BlipConfig config = BlipConfig::from_pretrained(model);
  std::vector<ExpectedTensor> all;
  for (const BlipArchitecture* architecture : blip_architectures()) {
    config.architecture = architecture->name;
    std::ranges::move(expected_tensors(config), std::back_inserter(all));
  }
  return all;
}

const Architecture& architecture_in(const Checkpoint& checkpoint) {
  return blip_architecture(infer_config(checkpoint).architecture);
}

std::string inferred_config(const Checkpoint& checkpoint) {
  return config_as_json(infer_config(checkpoint));
}

GenerationOptions generation_settings(const std::filesystem::path& model) {
  return load_generation_config(model, BlipConfig::from_pretrained(model));
}

std::vector<ExpectedTensor> tensors_of(const std::filesystem::path& model) {
  return expected_tensors(BlipConfig::from_pretrained(model));
}

// transformers' BLIP has one matrix for queries, keys and values in its vision tower.
bool has_made(const Checkpoint& checkpoint) {
  return checkpoint.find("vision_model.encoder.layers.0.self_attn.qkv.weight") != nullptr;
}

ImageProcessorConfig images_config(const std::filesystem::path& model) {
  return image::general_config(BlipImageProcessorConfig::from_pretrained(model));
}

std::shared_ptr<const ImageProcessor> open_images(const std::filesystem::path& model) {
  return std::make_shared<const ConfiguredImageProcessor>(
      image::general_config(BlipImageProcessorConfig::from_pretrained(model)));
}

std::shared_ptr<const Tokenizer> open_texts(const std::filesystem::path& model,
                                            const std::filesystem::path& processor) {
  return std::make_shared<const BertTokenizer>(open_bert_tokenizer(model, processor));
}

}  // namespace

constinit const ModelFamily kBlipFamily = {.model_type = "blip",
                                           .architectures = kArchitectures,
                                           .original_names = &kBlipOriginalNames,
                                           .tokenizer_files = kTokenizerFiles,
                                           .architecture_of = architecture_of,
                                           .describe = describe_model,
                                           .expected_tensors = tensors_of,
                                           .tensors_of_all_classes = tensors_of_all_classes,
                                           .has_made = has_made,
                                           .infer_architecture = architecture_in,
                                           .inferred_config = inferred_config,
                                           .generation_settings = generation_settings,
                                           .image_processor_config = images_config,
                                           .open_image_processor = open_images,
                                           .open_tokenizer = open_texts,
                                           .tokenizer_directory = find_tokenizer_directory,
                                           .open_dual_encoder = open_blip_dual_encoder,
                                           .open_image_classifier = nullptr};

}  // namespace blip
