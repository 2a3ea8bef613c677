#include "eval/classification_accuracy.hpp"

#include <algorithm>
#include <cmath>

#include "blip/error.hpp"

namespace blip::eval {
namespace {

constexpr std::size_t kTop = 5;
constexpr double kPerCent = 100.0;

// Counts until all images are seen, then percentages.
void count(ClassAccuracy& accuracy, std::size_t rank) {
  ++accuracy.images;
  accuracy.top1 += rank == 1 ? 1 : 0;
  accuracy.top5 += rank <= kTop ? 1 : 0;
}

void make_percentages(ClassAccuracy& accuracy) {
  if (accuracy.images == 0) return;
  const auto images = static_cast<double>(accuracy.images);
  accuracy.top1 = kPerCent * accuracy.top1 / images;
  accuracy.top5 = kPerCent * accuracy.top5 / images;
}

}  // namespace

std::size_t rank_of_label(std::span<const float> scores, std::size_t label) {
  if (label >= scores.size()) {
    throw Error(ErrorCode::invalid_argument,
                "no label " + std::to_string(label) + " among " + std::to_string(scores.size()));
  }
  if (std::any_of(scores.begin(), scores.end(), [](float score) { return std::isnan(score); })) {
    throw Error(ErrorCode::invalid_argument, "the score of a label is not a number");
  }
  // The right label itself is one of them.
  return static_cast<std::size_t>(std::count_if(
      scores.begin(), scores.end(), [&](float score) { return score >= scores[label]; }));
}

ClassificationScores classification_scores(std::span<const std::size_t> labels,
                                           std::span<const std::size_t> ranks,
                                           std::size_t num_labels) {
  if (labels.empty() || labels.size() != ranks.size()) {
    throw Error(ErrorCode::invalid_argument, "no images, or not a label for each");
  }
  ClassificationScores scores;
  scores.by_class.resize(num_labels);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] >= num_labels) {
      throw Error(ErrorCode::invalid_argument,
                  "no label " + std::to_string(labels[i]) + " among " + std::to_string(num_labels));
    }
    count(scores.all, ranks[i]);
    count(scores.by_class[labels[i]], ranks[i]);
  }
  make_percentages(scores.all);
  std::size_t classes = 0;
  for (ClassAccuracy& accuracy : scores.by_class) {
    make_percentages(accuracy);
    scores.mean_per_class += accuracy.top1;
    classes += accuracy.images > 0 ? 1 : 0;
  }
  scores.mean_per_class /= static_cast<double>(classes);
  return scores;
}

}  // namespace blip::eval
