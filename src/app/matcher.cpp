#include "app/matcher.hpp"

#include "tasks/embedding.hpp"

namespace blip::app {

Matcher::Matcher(const ModelOptions& model, TextStyle style, std::span<const std::string> texts,
                 Context& context)
    : embedder_(model, style, MatchingHead::optional),
      texts_(embedder_.tokens(texts)),
      text_embeddings_(embedder_.embed(texts_, context)) {}

std::vector<std::vector<Match>> Matcher::match(Images images, Context& context) const {
  const std::vector<EncodedImage> encoded = embedder_.encode(images, context);
  const Tensor embeddings = embedder_.embed(encoded, context);
  std::vector<std::vector<Match>> matches(images.size());
  for (std::size_t image = 0; image < images.size(); ++image) {
    for (std::size_t text = 0; text < texts_.size(); ++text) {
      matches[image].push_back(
          {.itm = std::nullopt,
           .itc = dot(row_of(embeddings, image), row_of(text_embeddings_, text))});
    }
    if (!embedder_.model().has_matching_head()) continue;
    const std::vector<Matching> matchings = embedder_.match(encoded[image], texts_, context);
    for (std::size_t text = 0; text < texts_.size(); ++text) {
      matches[image][text].itm = matchings[text].probability;
    }
  }
  return matches;
}

}  // namespace blip::app
