// Explainer: a picture and a text in, where the model looked for each word out.
#pragma once

#include <string>

#include "app/embedder.hpp"
#include "app/explain/explanation.hpp"

namespace blip::app {

/// Of a model with an image-text matching head: what makes it say that the two belong together.
/// Captioner, Answerer and Matcher explain their own answers. Immutable after construction. All
/// throw blip::Error.
class Explainer {
 public:
  Explainer(const ModelOptions& model, TextStyle style, const GradCamOptions& options);

  [[nodiscard]] const PictureReader& pictures() const noexcept { return embedder_.pictures(); }

  /// pixel_values: [1, 3, H, W]
  [[nodiscard]] Explanation explain(const Tensor& pixel_values, const std::string& text,
                                    Context& context) const;

 private:
  Embedder embedder_;
  GradCamOptions options_;
};

}  // namespace blip::app
