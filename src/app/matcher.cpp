#include "app/matcher.hpp"

#include "tasks/embedding.hpp"

namespace blip::app {

Matcher::Matcher(const ModelOptions& model, TextStyle style, std::span<const std::string> texts,
                 Context& context)
    : embedder_(model, style, MatchingHead::required),
      words_(texts.begin(), texts.end()),
      texts_(embedder_.tokens(texts)),
      text_embeddings_(embedder_.embed(texts_, context)) {}

std::vector<std::vector<Match>> Matcher::match(std::span<const EncodedImage> images,
                                               Context& context) const {
  const Tensor embeddings = embedder_.embed(images, context);
  std::vector<std::vector<Match>> matches(images.size());
  for (std::size_t image = 0; image < images.size(); ++image) {
    const std::vector<Matching> matchings = embedder_.match(images[image], texts_, context);
    for (std::size_t text = 0; text < texts_.size(); ++text) {
      matches[image].push_back(
          {.itm = matchings[text].probability,
           .itc = dot(row_of(embeddings, image), row_of(text_embeddings_, text))});
    }
  }
  return matches;
}

std::vector<Explanation> Matcher::explain(const EncodedImage& image, const GradCamOptions& options,
                                          Context& context) const {
  std::vector<Explanation> explanations;
  for (std::size_t text = 0; text < texts_.size(); ++text) {
    explanations.push_back(
        explanation_of(embedder_.model().tokenizer(), words_[text],
                       embedder_.grad_cam(image, texts_[text], options, context)));
  }
  return explanations;
}

}  // namespace blip::app
