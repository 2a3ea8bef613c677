// Draws tokens from processed scores: softmax, then the inverse of the cumulated probabilities in
// the order of the ids.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "blip/tokenizer.hpp"

namespace blip {

struct SampledToken {
  TokenId token = 0;
  float log_probability = 0.0F;
};

class TokenSampler {
 public:
  /// scores: [vocab_size], -inf never drawn; `uniform` in (0, 1). Throws invalid_argument when
  /// nothing is left to draw, malformed when the scores are NaN.
  [[nodiscard]] SampledToken draw(std::span<const float> scores, double uniform);

 private:
  struct Possible {
    TokenId token;
    float score;
    double weight;
  };
  std::vector<Possible> possible_;  // working memory
};

/// Successive draws without replacement from weights >= 0.
class WeightedDraw {
 public:
  /// weights: [count]; overwritten. Not empty.
  explicit WeightedDraw(std::span<double> weights);

  /// The index drawn by `uniform` in (0, 1); its weight becomes 0. When only zero weights are left,
  /// the first index not yet drawn.
  [[nodiscard]] std::size_t next(double uniform);

 private:
  std::span<double> weights_;
};

}  // namespace blip
