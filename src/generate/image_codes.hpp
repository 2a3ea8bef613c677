// Choosing the next code of a picture from the scores with and without its text.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "blip/tokenizer.hpp"
#include "generate/random_stream.hpp"
#include "generate/token_sampler.hpp"

namespace blip {

/// Scores [V] without a text and with it → (1 - factor) · without + factor · with, each rounded as
/// torch does.
void supercondition(std::span<const float> without, std::span<const float> with, float factor,
                    std::span<float> out);

struct CodeChoice {
  int top_k = 256;
  float temperature = 1.0F;
};

/// Chooses as min-dalle does. Not for several threads at once.
class CodeSampler {
 public:
  explicit CodeSampler(const CodeChoice& choice) : choice_(choice) {}

  /// scores: [V], overwritten. Throws malformed for scores that are not finite.
  [[nodiscard]] TokenId choose(std::span<float> scores, const RandomStream& random);

 private:
  CodeChoice choice_;
  TokenSampler sampler_;
};

}  // namespace blip
