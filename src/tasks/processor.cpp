#include "blip/processor.hpp"

#include <array>
#include <utility>

#include "architectures/blip/tokenizer_directory.hpp"
#include "blip/error.hpp"
#include "checkpoint/model_directory.hpp"
#include "image/preprocess.hpp"

namespace blip {

Tensor prepare_images(std::span<const Image> images, const BlipImageProcessorConfig& config) {
  return image::preprocess(images, config);
}

BlipProcessor BlipProcessor::from_pretrained(const std::filesystem::path& model,
                                             const LoadOptions& options) {
  const std::filesystem::path directory =
      resolve_model(model.native(), options.progress, options.hub);
  return {BlipImageProcessorConfig::from_pretrained(directory), open_bert_tokenizer(directory)};
}

BlipProcessor::BlipProcessor(BlipImageProcessorConfig image_processor, BertTokenizer tokenizer)
    : image_processor_(image_processor), tokenizer_(std::move(tokenizer)) {}

BlipInputs BlipProcessor::operator()(const Image& image) const {
  return (*this)(std::span(&image, 1));
}

BlipInputs BlipProcessor::operator()(const Image& image, std::string_view text) const {
  const std::string owned(text);
  return (*this)(std::span(&image, 1), std::span(&owned, 1));
}

BlipInputs BlipProcessor::operator()(std::span<const Image> images,
                                     std::span<const std::string> texts) const {
  if (texts.size() > 1 && texts.size() != images.size()) {
    throw Error(ErrorCode::invalid_argument, std::to_string(texts.size()) + " texts for " +
                                                 std::to_string(images.size()) +
                                                 " images: give one for each, one for all or none");
  }
  BlipInputs inputs;
  inputs.pixel_values = image::preprocess(images, image_processor_);
  if (texts.empty()) return inputs;
  inputs.input_ids.reserve(images.size());
  for (std::size_t i = 0; i < images.size(); ++i) {
    inputs.input_ids.push_back(texts.size() == 1 && i > 0 ? inputs.input_ids.front()
                                                          : tokenizer_.encode(texts[i]));
  }
  return inputs;
}

std::string BlipProcessor::decode(std::span<const TokenId> ids,
                                  const DecodeOptions& options) const {
  return tokenizer_.decode(ids, options);
}

}  // namespace blip
