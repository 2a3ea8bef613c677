#include "app/explain/explainer.hpp"

#include <span>

namespace blip::app {

Explainer::Explainer(const ModelOptions& model, TextStyle style, const GradCamOptions& options)
    : embedder_(model, style, MatchingHead::required), options_(options) {}

Explanation Explainer::explain(const Tensor& pixel_values, const std::string& text,
                               Context& context) const {
  const std::vector<EncodedImage> images = embedder_.model().encode_images(pixel_values, context);
  const Tokens tokens = embedder_.tokens(std::span(&text, 1)).front();
  return explanation_of(embedder_.model().tokenizer(), text,
                        embedder_.grad_cam(images.front(), tokens, options_, context));
}

}  // namespace blip::app
