// Matcher: how well texts fit pictures.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "app/embedder.hpp"
#include "app/explain/explanation.hpp"

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

  [[nodiscard]] std::vector<EncodedImage> encode(Images images, Context& context) const {
    return embedder_.encode(images, context);
  }

  /// For each image its match with every text.
  [[nodiscard]] std::vector<std::vector<Match>> match(Images images, Context& context) const {
    return match(encode(images, context), context);
  }
  [[nodiscard]] std::vector<std::vector<Match>> match(std::span<const EncodedImage> images,
                                                      Context& context) const;

  /// Where the model looked for each word of every text.
  [[nodiscard]] std::vector<Explanation> explain(const EncodedImage& image,
                                                 const GradCamOptions& options,
                                                 Context& context) const;

 private:
  Embedder embedder_;
  std::vector<std::string> words_;  // of the texts
  std::vector<Tokens> texts_;
  Tensor text_embeddings_;  // [texts, D]
};

}  // namespace blip::app
