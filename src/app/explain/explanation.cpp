#include "app/explain/explanation.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace blip::app {

Explanation explanation_of(const Tokenizer& tokenizer, std::string text, const GradCam& cam) {
  Explanation explanation{
      .text = std::move(text), .words = {}, .maps = {}, .mean = cam.mean, .score = cam.score};
  const std::size_t patches = cam.mean.data.size();
  const std::span<const TokenId> tokens(cam.tokens);
  for (std::size_t first = 0; first < tokens.size();) {
    // A piece that goes on with a word begins with ## where it stands alone.
    std::size_t last = first + 1;
    while (last < tokens.size() && tokenizer.decode(tokens.subspan(last, 1)).starts_with("##")) {
      ++last;
    }
    const std::size_t start = explanation.maps.data.size();
    explanation.maps.data.resize(start + patches, 0.0F);
    for (std::size_t token = first; token < last; ++token) {
      for (std::size_t patch = 0; patch < patches; ++patch) {
        explanation.maps.data[start + patch] +=
            cam.maps.data[token * patches + patch] / static_cast<float>(last - first);
      }
    }
    explanation.words.push_back(tokenizer.decode(tokens.subspan(first, last - first)));
    first = last;
  }
  explanation.maps.shape = {static_cast<std::int64_t>(explanation.words.size()), cam.mean.shape[0],
                            cam.mean.shape[1]};
  return explanation;
}

}  // namespace blip::app
