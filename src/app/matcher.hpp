// Matcher: how well texts fit pictures.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/embedder.hpp"
#include "app/explain/explanation.hpp"
#include "app/images/image_stream.hpp"

namespace blip::app {

struct Match {
  /// The probability that the matching head gives; none if the model has no such head.
  std::optional<float> itm;
  float itc = 0.0F;  ///< the cosine of the embeddings
  /// Where the model looked for the words of the text, if the Matcher is to say so.
  std::optional<Explanation> explanation = std::nullopt;
};

/// An image with each of the texts, without explanations. embedding: [D] of the image,
/// text_embeddings: [texts, D]. Throws blip::Error.
std::vector<Match> matches_of(const Embedder& embedder, const EncodedImage& image,
                              std::span<const float> embedding, std::span<const Tokens> texts,
                              const Tensor& text_embeddings, Context& context,
                              const Pause& pause = {});

/// Matches pictures with texts that are prepared once. All throw blip::Error.
class Matcher {
 public:
  /// `explain`: say where the model looked.
  Matcher(const ModelOptions& model, TextStyle style, std::span<const std::string> texts,
          Context& context, std::optional<GradCamOptions> explain = std::nullopt);

  [[nodiscard]] const PictureReader& pictures() const noexcept { return embedder_.pictures(); }

  /// For each image its match with every text, or with its own, if it has one.
  [[nodiscard]] std::vector<std::vector<Match>> match(Images images, Context& context) const;

  /// Throws invalid_argument for an image's own text that the model has no room for.
  void check(const ImageInput& input) const;

 private:
  struct Texts {
    std::vector<std::string> words;
    std::vector<Tokens> tokens;
    Tensor embeddings;  // [texts, D]
  };

  [[nodiscard]] Texts read(std::span<const std::string> texts, Context& context) const;

  Embedder embedder_;
  std::optional<GradCamOptions> explain_;
  Texts texts_;
};

}  // namespace blip::app
