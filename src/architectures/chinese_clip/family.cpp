#include "architectures/chinese_clip/family.hpp"

#include <array>
#include <string>

#include "architectures/chinese_clip/config.hpp"
#include "architectures/chinese_clip/tensors.hpp"
#include "architectures/clip/description.hpp"
#include "architectures/clip/towers.hpp"
#include "blip/error.hpp"
#include "blip/tokenizer.hpp"
#include "checkpoint/config_file.hpp"
#include "core/in_quotes.hpp"
#include "image/configured_image_processor.hpp"

namespace blip {
namespace {

constexpr std::array kMatchingTasks = {Task::match, Task::embed, Task::rank};
constexpr std::array<const Architecture*, 1> kClasses = {&kChineseCLIPModel};
constexpr std::array kFilesOfBert = {"tokenizer.json", "vocab.txt", "tokenizer_config.json",
                                     "special_tokens_map.json", "added_tokens.json"};

const Architecture& architecture_of_chinese(const std::filesystem::path& model) {
  const std::string named = ChineseCLIPConfig::from_pretrained(model).architecture;
  if (!named.empty() && named != kChineseCLIPModel.name) {
    throw Error(ErrorCode::unsupported,
                in_quotes(named) + " is not a supported architecture of Chinese-CLIP");
  }
  return kChineseCLIPModel;
}

ModelDescription describe_chinese(const std::filesystem::path& model) {
  const ChineseCLIPConfig config = ChineseCLIPConfig::from_pretrained(model);
  const ChineseCLIPTextConfig& text = config.text_config;
  return {.architecture = config.architecture,
          .parts = {describe_clip_vision(config.vision_config, config.projection_dim),
                    describe_clip_text({.vocab_size = text.vocab_size,
                                        .hidden_size = text.hidden_size,
                                        .intermediate_size = text.intermediate_size,
                                        .num_hidden_layers = text.num_hidden_layers,
                                        .num_attention_heads = text.num_attention_heads,
                                        .max_position_embeddings = text.max_position_embeddings,
                                        .hidden_act = "gelu"},
                                       config.projection_dim)}};
}

std::vector<ExpectedTensor> tensors_of_chinese(const std::filesystem::path& model) {
  return chinese_clip_tensors(ChineseCLIPConfig::from_pretrained(model));
}

bool is_bare_chinese(const Checkpoint& /*checkpoint*/) {
  return false;
}

const Architecture& infer_chinese(const Checkpoint& /*checkpoint*/) {
  return kChineseCLIPModel;
}

ImageProcessorConfig chinese_images_config(const std::filesystem::path& model) {
  return ImageProcessorConfig::from_pretrained(model_folder(model), "ChineseCLIPImageProcessor");
}

std::shared_ptr<const ImageProcessor> open_chinese_images(const std::filesystem::path& model) {
  return std::make_shared<const ConfiguredImageProcessor>(chinese_images_config(model));
}

std::shared_ptr<const Tokenizer> open_chinese_texts(const std::filesystem::path& model,
                                                    const std::filesystem::path& processor) {
  const std::filesystem::path folder = model_folder(processor.empty() ? model : processor);
  return std::make_shared<const BertTokenizer>(BertTokenizer::from_pretrained(folder));
}

}  // namespace

constinit const Architecture kChineseCLIPModel = {.name = "ChineseCLIPModel",
                                                  .purpose = "embeds images and Chinese texts",
                                                  .tasks = kMatchingTasks,
                                                  .marker = kChineseClipTokenTypes};

constinit const ModelFamily kChineseClipFamily = {
    .model_type = kChineseClipType,
    .architectures = kClasses,
    .original_names = nullptr,
    .tokenizer_files = kFilesOfBert,
    .architecture_of = architecture_of_chinese,
    .describe = describe_chinese,
    .expected_tensors = tensors_of_chinese,
    .tensors_of_all_classes = tensors_of_chinese,
    .has_made = is_bare_chinese,
    .infer_architecture = infer_chinese,
    .inferred_config = nullptr,
    .generation_settings = nullptr,
    .image_processor_config = chinese_images_config,
    .open_image_processor = open_chinese_images,
    .open_tokenizer = open_chinese_texts,
    .open_dual_encoder = open_chinese_clip_dual_encoder,
    .open_image_classifier = nullptr};

}  // namespace blip
