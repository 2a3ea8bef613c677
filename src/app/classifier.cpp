#include "app/classifier.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "tasks/embedding.hpp"

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

std::vector<float> scores_of(std::span<const float> logits, LabelScores scores) {
  if (scores == LabelScores::softmax) return softmax(logits);
  std::vector<float> values(logits.begin(), logits.end());
  if (scores == LabelScores::sigmoid) {
    for (float& value : values) value = 1.0F / (1.0F + std::exp(-value));
  }
  return values;
}

// Of equal ones the first comes first.
std::vector<ScoredLabel> likeliest(std::span<const float> logits, LabelScores scores,
                                   std::span<const std::string> labels, std::size_t top) {
  const std::vector<float> probabilities = scores_of(logits, scores);
  std::vector<std::size_t> order(labels.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](std::size_t left, std::size_t right) {
    return probabilities[left] > probabilities[right];
  });
  std::vector<ScoredLabel> scored;
  for (const std::size_t index : std::span(order).first(std::min(top, order.size()))) {
    scored.push_back({labels[index], probabilities[index]});
  }
  return scored;
}

}  // namespace

Classifier::Classifier(const ModelOptions& model)
    : pictures_(model.model, model.pictures, model.processor),
      model_(open_image_classifier(model.model, {.weight_type = model.weight_type})) {}

std::vector<std::vector<ScoredLabel>> Classifier::classify(Images images, std::size_t top,
                                                           Context& context) const {
  std::vector<std::vector<ScoredLabel>> all;
  for (const Images run : runs_of_one_shape(images)) {
    const Tensor logits = model_->logits(stacked_pixels(run), context);
    for (std::size_t i = 0; i < run.size(); ++i) {
      all.push_back(likeliest(row_of(logits, i), model_->scores(), model_->labels(), top));
    }
  }
  return all;
}

}  // namespace blip::app
