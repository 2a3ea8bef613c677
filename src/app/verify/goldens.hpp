// Golden results: what published models are known to answer.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace blip::app {

enum class GoldenTask { caption, answer, match, classify };

struct GoldenPicture {
  std::string_view name;      ///< of its file
  std::string_view url = {};  ///< where it can be had; empty: nowhere but in blip's source
};

struct Golden {
  std::string_view model;  ///< a hub id, or the name of a bundled model
  GoldenTask task = GoldenTask::caption;
  GoldenPicture image = {};
  std::string_view text = {};    ///< the prompt (maybe none), the question or the text to match
  std::string_view answer = {};  ///< the caption, the answer or the likeliest label
  float itm = 0.0F;              ///< of a match: the probability
  float itc = 0.0F;              ///< and the cosine
  int image_size = 0;            ///< instead of the model's own, if not 0
  int beams = 1;
  std::string_view source = {};  ///< who says so
};

/// transformers' own tests compare its scores to this many (rtol = atol).
inline constexpr float kGoldenTolerance = 1e-3F;

/// Those of one model; none if it is not known.
std::vector<Golden> goldens_of(std::string_view model);

/// The models that have any.
std::vector<std::string> golden_models();

}  // namespace blip::app
