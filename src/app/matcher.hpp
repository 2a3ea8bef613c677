// Matcher: how well texts fit pictures.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "app/embedder.hpp"

namespace blip::app {

struct Match {
  float itm = 0.0F;  ///< the probability that the matching head gives
  float itc = 0.0F;  ///< the cosine of the embeddings
};

/// Matches pictures with texts that are prepared once. All throw blip::Error.
class Matcher {
 public:
  Matcher(const ModelOptions& model, TextStyle style, std::span<const std::string> texts,
          Context& context);

  [[nodiscard]] const PictureReader& pictures() const noexcept { return embedder_.pictures(); }

  /// For each image its match with every text, or with its own, if it has one.
  [[nodiscard]] std::vector<std::vector<Match>> match(Images images, Context& context) const;

  /// Throws invalid_argument for an image's own text that the model has no room for.
  void check(const ImageInput& input) const;

 private:
  struct Texts {
    std::vector<Tokens> tokens;
    Tensor embeddings;  // [texts, D]
  };

  [[nodiscard]] Texts read(std::span<const std::string> texts, Context& context) const;

  Embedder embedder_;
  Texts texts_;
};

}  // namespace blip::app
