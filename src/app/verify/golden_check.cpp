#include "app/verify/golden_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "architectures/registry.hpp"
#include "blip/error.hpp"
#include "blip/image.hpp"

namespace blip::app {
namespace {

template <typename Model>
const Model& loaded(std::optional<Model>& model, const std::filesystem::path& path) {
  if (!model) model = Model::from_pretrained(path);
  return *model;
}

GoldenOutcome compared(const Golden& golden, std::string got) {
  const bool holds = got == golden.answer;
  return {.holds = holds, .got = std::move(got)};
}

bool is_close(float got, float expected) {
  return std::abs(got - expected) <= kGoldenTolerance * (1.0F + std::abs(expected));
}

std::string scores(float itm, float itc) {
  return fmt::format("itm {:.4f}, itc {:.4f}", itm, itc);
}

std::string words_of(const BlipProcessor& processor, const std::vector<TokenId>& ids) {
  DecodeOptions words;
  words.skip_special_tokens = true;
  return processor.decode(ids, words);
}

}  // namespace

std::string expectation_of(const Golden& golden) {
  if (golden.task == GoldenTask::match) return scores(golden.itm, golden.itc);
  return std::string(golden.answer);
}

GoldenCheck::GoldenCheck(std::filesystem::path model, int threads)
    : path_(std::move(model)), context_({.num_threads = threads}) {}

BlipProcessor GoldenCheck::processor_for(const Golden& golden) {
  const BlipProcessor& processor = loaded(processor_, path_);
  if (golden.image_size == 0) return processor;
  BlipImageProcessorConfig config = processor.image_processor();
  config.width = golden.image_size;
  config.height = golden.image_size;
  return {config, processor.tokenizer()};
}

std::optional<GoldenOutcome> GoldenCheck::run(const Golden& golden,
                                              const std::filesystem::path& image,
                                              std::string& problem) {
  Image picture;
  try {
    picture = Image::open(image);  // as stored: the reference does not turn it either
  } catch (const Error& error) {
    problem = error.what();
    return std::nullopt;
  }
  switch (golden.task) {
    case GoldenTask::caption:
      return caption(golden, picture);
    case GoldenTask::answer:
      return answer(golden, picture);
    case GoldenTask::classify:
      return classify(golden, picture);
    default:
      return match(golden, picture);
  }
}

GoldenOutcome GoldenCheck::caption(const Golden& golden, const Image& image) {
  const BlipProcessor processor = processor_for(golden);
  const BlipInputs inputs = golden.text.empty() ? processor(image) : processor(image, golden.text);
  const auto ids =
      loaded(captioning_, path_).generate(inputs, {.num_beams = golden.beams}, context_);
  return compared(golden, words_of(processor, ids.front()));
}

GoldenOutcome GoldenCheck::answer(const Golden& golden, const Image& image) {
  const BlipProcessor processor = processor_for(golden);
  const auto ids =
      loaded(answering_, path_)
          .generate(processor(image, golden.text), {.num_beams = golden.beams}, context_);
  return compared(golden, words_of(processor, ids.front()));
}

GoldenOutcome GoldenCheck::classify(const Golden& golden, const Image& image) {
  if (!classifying_) classifying_ = open_image_classifier(path_, {});
  const Tensor pixels = (*open_image_processor(path_))(std::span(&image, 1));
  const std::vector<float> logits = classifying_->logits(pixels, context_).data;
  const auto likeliest = std::max_element(logits.begin(), logits.end()) - logits.begin();
  return compared(golden, classifying_->labels()[static_cast<std::size_t>(likeliest)]);
}

GoldenOutcome GoldenCheck::match(const Golden& golden, const Image& image) {
  const BlipForImageTextRetrieval& model = loaded(matching_, path_);
  const BlipInputs inputs = processor_for(golden)(image, golden.text);
  const auto images = model.encode_images(inputs.pixel_values, context_);
  const ImageTextMatch fit = model.match(images, inputs.input_ids, TextStyle::hf, context_).front();
  return {.holds = is_close(fit.itm_probability, golden.itm) && is_close(fit.itc, golden.itc),
          .got = scores(fit.itm_probability, fit.itc)};
}

}  // namespace blip::app
