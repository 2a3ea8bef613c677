#include "generate/image_codes.hpp"

#include <algorithm>
#include <cstddef>

#include "generate/largest_logit.hpp"
#include "generate/sampling_warpers.hpp"

namespace blip {

void supercondition(std::span<const float> without, std::span<const float> with, float factor,
                    std::span<float> out) {
  const float rest = 1.0F - factor;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = without[i] * rest + with[i] * factor;
}

TokenId CodeSampler::choose(std::span<float> scores, const RandomStream& random) {
  require_finite(scores);
  if (choice_.top_k == 1) return first_maximum(scores);
  warp_top_k(scores, choice_.top_k, 1);
  // From the largest, so that no temperature makes scores overflow upwards.
  const float largest = *std::ranges::max_element(scores);
  for (float& score : scores) score -= largest;
  warp_temperature(scores, choice_.temperature);
  return sampler_.draw(scores, random.uniform()).token;
}

}  // namespace blip
