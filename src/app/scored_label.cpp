#include "app/scored_label.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace blip::app {
namespace {

std::vector<float> softmax(std::span<const float> logits) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  std::vector<double> exponentials;
  exponentials.reserve(logits.size());
  for (const float logit : logits) {
    exponentials.push_back(std::exp(static_cast<double>(logit) - largest));
  }
  const double sum = std::accumulate(exponentials.begin(), exponentials.end(), 0.0);
  std::vector<float> probabilities;
  probabilities.reserve(logits.size());
  for (const double value : exponentials) {
    probabilities.push_back(static_cast<float>(value / sum));
  }
  return probabilities;
}

}  // namespace

std::vector<float> scores_of(std::span<const float> logits, LabelScores scores) {
  if (scores == LabelScores::softmax) return softmax(logits);
  std::vector<float> values(logits.begin(), logits.end());
  if (scores == LabelScores::sigmoid) {
    for (float& value : values) value = 1.0F / (1.0F + std::exp(-value));
  }
  return values;
}

std::vector<ScoredLabel> best_labels(std::span<const float> scores,
                                     std::span<const std::string> labels, std::size_t top) {
  std::vector<std::size_t> order(labels.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(
      order, [&](std::size_t left, std::size_t right) { return scores[left] > scores[right]; });
  std::vector<ScoredLabel> best;
  for (const std::size_t index : std::span(order).first(std::min(top, order.size()))) {
    best.push_back({labels[index], scores[index]});
  }
  return best;
}

}  // namespace blip::app
