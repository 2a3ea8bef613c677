// Matcher: how well texts fit pictures.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/embedder.hpp"

namespace blip::app {

struct Match {
  /// The probability that the matching head gives; none if the model has no such head.
  std::optional<float> itm;
  float itc = 0.0F;  ///< the cosine of the embeddings
};

/// Matches pictures with texts that are prepared once. All throw blip::Error.
class Matcher {
 public:
  Matcher(const ModelOptions& model, TextStyle style, std::span<const std::string> texts,
          Context& context);

  [[nodiscard]] const PictureReader& pictures() const noexcept { return embedder_.pictures(); }

  /// For each image its match with every text.
  [[nodiscard]] std::vector<std::vector<Match>> match(Images images, Context& context) const;

 private:
  Embedder embedder_;
  std::vector<Tokens> texts_;
  Tensor text_embeddings_;  // [texts, D]
};

}  // namespace blip::app
