#include "app/matcher.hpp"

#include <algorithm>
#include <utility>

#include "blip/error.hpp"
#include "tasks/embedding.hpp"

namespace blip::app {

std::vector<Match> matches_of(const Embedder& embedder, const EncodedImage& image,
                              std::span<const float> embedding, std::span<const Tokens> texts,
                              const Tensor& text_embeddings, Context& context, const Pause& pause) {
  std::vector<Match> matches;
  matches.reserve(texts.size());
  for (std::size_t text = 0; text < texts.size(); ++text) {
    matches.push_back({.itm = std::nullopt, .itc = dot(embedding, row_of(text_embeddings, text))});
  }
  if (!embedder.model().has_matching_head()) return matches;
  for (std::size_t at = 0; at < texts.size(); at += kTextsTogether) {
    if (pause) pause();
    const auto some = texts.subspan(at, std::min(kTextsTogether, texts.size() - at));
    const std::vector<Matching> matchings = embedder.match(image, some, context);
    for (std::size_t text = 0; text < matchings.size(); ++text) {
      matches[at + text].itm = matchings[text].probability;
    }
  }
  return matches;
}

Matcher::Matcher(const ModelOptions& model, TextStyle style, std::span<const std::string> texts,
                 Context& context, std::optional<GradCamOptions> explain)
    : embedder_(model, style, explain ? MatchingHead::required : MatchingHead::optional),
      explain_(explain),
      texts_(read(texts, context)) {}

Matcher::Texts Matcher::read(std::span<const std::string> texts, Context& context) const {
  Texts read{
      .words = {texts.begin(), texts.end()}, .tokens = embedder_.tokens(texts), .embeddings = {}};
  read.embeddings = embedder_.embed(read.tokens, context);
  return read;
}

void Matcher::check(const ImageInput& input) const {
  if (!input.text) return;
  const std::size_t length = embedder_.tokens(std::span(&*input.text, 1)).front().size();
  const int most = embedder_.max_tokens();
  if (std::cmp_greater(length, most)) {
    throw Error(ErrorCode::invalid_argument, "its text has " + std::to_string(length) +
                                                 " tokens, but the model has only " +
                                                 std::to_string(most) + " positions");
  }
}

std::vector<std::vector<Match>> Matcher::match(Images images, Context& context) const {
  const std::vector<EncodedImage> encoded = embedder_.encode(images, context);
  const Tensor embeddings = embedder_.embed(encoded, context);
  std::vector<std::vector<Match>> matches;
  for (std::size_t image = 0; image < images.size(); ++image) {
    const auto& own = images[image]->text;
    const Texts own_texts = own ? read(std::span(&*own, 1), context) : Texts{};
    const Texts& texts = own ? own_texts : texts_;
    std::vector<Match>& of_image =
        matches.emplace_back(matches_of(embedder_, encoded[image], row_of(embeddings, image),
                                        texts.tokens, texts.embeddings, context));
    if (!explain_) continue;
    for (std::size_t text = 0; text < texts.tokens.size(); ++text) {
      of_image[text].explanation = explanation_of(
          embedder_.model().tokenizer(), texts.words[text],
          embedder_.grad_cam(encoded[image], texts.tokens[text], *explain_, context));
    }
  }
  return matches;
}

}  // namespace blip::app
