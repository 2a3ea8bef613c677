#include "train/capfilt/text_filter.hpp"

#include <cmath>

#include "dataset/text_preprocessing.hpp"

namespace blip::train {
namespace {

// So that a score in a file is the one that was compared with the threshold.
double six_decimals(double value) {
  return std::round(value * 1e6) / 1e6;
}

// logits: [2], class 1 = match
double match_probability(const float* logits) {
  return 1 / (1 + std::exp(static_cast<double>(logits[0]) - static_cast<double>(logits[1])));
}

}  // namespace

TextFilter::TextFilter(const TextFilterOptions& options)
    : processor_(BlipProcessor::from_pretrained(options.model)),
      model_(BlipForImageTextRetrieval::from_pretrained(options.model,
                                                        {.weight_type = options.weight_type})) {}

Tensor TextFilter::prepare(const Image& image) const {
  return processor_(image).pixel_values;
}

std::vector<EncodedImage> TextFilter::encode(app::Images images, Context& context) const {
  return app::encode_in_runs(
      images, [&](const Tensor& pixels) { return model_.encode_images(pixels, context); });
}

std::vector<std::optional<double>> TextFilter::score(const EncodedImage& image,
                                                     std::span<const std::string> texts,
                                                     Context& context) const {
  std::vector<std::optional<double>> scores(texts.size());
  std::vector<std::vector<TokenId>> rows;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string prepared = dataset::pre_caption(texts[i]);
    if (prepared.empty()) continue;
    // "[SEP]" in a stranger's text is five characters.
    rows.push_back(processor_.tokenizer().encode(prepared, {.parse_special_tokens = false}));
    places.push_back(i);
  }
  if (rows.empty()) return scores;
  // logits: [texts, 2]
  const Tensor logits = model_.itm_logits(std::span(&image, 1), rows, TextStyle::original, context);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    scores[places[row]] = six_decimals(match_probability(logits.data.data() + 2 * row));
  }
  return scores;
}

}  // namespace blip::train
