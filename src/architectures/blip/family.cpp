#include "architectures/blip/family.hpp"

#include <array>

#include "architectures/blip/architectures.hpp"
#include "architectures/blip/image_processor.hpp"
#include "architectures/blip/original_names.hpp"
#include "architectures/blip/tensors.hpp"
#include "architectures/blip/tokenizer_directory.hpp"

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

std::vector<ExpectedTensor> tensors_of(const std::filesystem::path& model) {
  return expected_tensors(BlipConfig::from_pretrained(model));
}

// transformers' BLIP has one matrix for queries, keys and values in its vision tower.
bool has_made(const Checkpoint& checkpoint) {
  return checkpoint.find("vision_model.encoder.layers.0.self_attn.qkv.weight") != nullptr;
}

std::shared_ptr<const ImageProcessor> open_images(const std::filesystem::path& model) {
  return std::make_shared<const BlipImageProcessor>(
      BlipImageProcessorConfig::from_pretrained(model));
}

std::shared_ptr<const Tokenizer> open_texts(const std::filesystem::path& model) {
  return std::make_shared<const BertTokenizer>(
      BertTokenizer::from_pretrained(tokenizer_directory(model)));
}

}  // namespace

constinit const ModelFamily kBlipFamily = {.model_type = "blip",
                                           .architectures = kArchitectures,
                                           .original_names = &kBlipOriginalNames,
                                           .tokenizer_files = kTokenizerFiles,
                                           .architecture_of = architecture_of,
                                           .expected_tensors = tensors_of,
                                           .has_made = has_made,
                                           .open_image_processor = open_images,
                                           .open_tokenizer = open_texts,
                                           .open_dual_encoder = open_blip_dual_encoder};

}  // namespace blip
