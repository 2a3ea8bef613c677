#include "cli/matcher.hpp"

#include <iterator>

#include "cli/input/model_download.hpp"
#include "tasks/embedding.hpp"

namespace blip::cli {
namespace {

// Of BLIP's retrieval data sets (COCO and Flickr30k).
constexpr int kOriginalTextWords = 30;

}  // namespace

std::vector<Tokens> tokens_in_style(const BertTokenizer& tokenizer,
                                    const std::vector<std::string>& texts, TextStyle style) {
  std::vector<Tokens> rows;
  rows.reserve(texts.size());
  for (const std::string& text : texts) {
    rows.push_back(tokenizer.encode(
        style == TextStyle::original ? pre_caption(text, kOriginalTextWords) : text));
  }
  return rows;
}

Matcher::Matcher(const RetrievalOptions& options)
    : Matcher(options, find_model(options.model.name, options.output.quiet)) {}

Matcher::Matcher(const RetrievalOptions& options, const std::filesystem::path& model)
    : style_(options.style),
      reader_(model, options.model.image_size, options.inputs.pictures),
      model_(BlipForImageTextRetrieval::from_pretrained(
          model, {.weight_type = options.model.weight_type})),
      context_({.num_threads = options.model.threads}) {}

std::vector<Tokens> Matcher::tokens(const std::vector<std::string>& texts) const {
  return tokens_in_style(reader_.processor().tokenizer(), texts, style_);
}

std::vector<EncodedImage> Matcher::encode(Images images) {
  std::vector<EncodedImage> encoded;
  for (const Images run : runs_that_fit_together(images)) {
    auto some = model_.encode_images(stacked_pixels(run), context_);
    std::move(some.begin(), some.end(), std::back_inserter(encoded));
  }
  return encoded;
}

Tensor Matcher::embed(std::span<const EncodedImage> images) {
  return model_.get_image_features(images, context_);
}

Tensor Matcher::embed(std::span<const Tokens> texts) {
  return model_.get_text_features(texts, style_, context_);
}

std::vector<Matching> Matcher::match(const EncodedImage& image, std::span<const Tokens> texts) {
  const Tensor logits = model_.itm_logits(std::span(&image, 1), texts, style_, context_);
  std::vector<Matching> matchings;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto pair = row_of(logits, i);
    matchings.push_back({.logit = pair[1], .probability = probability_of_second(pair)});
  }
  return matchings;
}

}  // namespace blip::cli
