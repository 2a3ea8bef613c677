// Labels with their scores, the best first.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "tasks/image_classifier.hpp"

namespace blip::app {

struct ScoredLabel {
  std::string label;
  float score = 0.0F;
};

/// logits: [labels] → [labels], each from 0 to 1 but for LabelScores::none
std::vector<float> scores_of(std::span<const float> logits, LabelScores scores);

/// The `top` best of them, or all if there are fewer; of equal ones the first comes first.
std::vector<ScoredLabel> best_labels(std::span<const float> scores,
                                     std::span<const std::string> labels, std::size_t top);

}  // namespace blip::app
