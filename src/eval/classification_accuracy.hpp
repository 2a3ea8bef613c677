// Accuracy of a classifier: how often the right label is the first, or among the first five.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace blip::eval {

/// The place of `label` among all labels by their scores, from 1. Of labels with the same score the
/// right one comes last: a model that gives one score to all is never right. Throws
/// invalid_argument if a score is not a number or there is no such label.
std::size_t rank_of_label(std::span<const float> scores, std::size_t label);

/// Percentages of `images`.
struct ClassAccuracy {
  std::size_t images = 0;
  double top1 = 0;
  double top5 = 0;
};

struct ClassificationScores {
  ClassAccuracy all;
  double mean_per_class = 0;            ///< the mean of the top1 of each class with images
  std::vector<ClassAccuracy> by_class;  ///< [labels]; without images nothing was right or wrong
};

/// labels, ranks: [images], the right label of each and the place that it was found at.
/// Throws invalid_argument without images, or for a label beyond `num_labels`.
ClassificationScores classification_scores(std::span<const std::size_t> labels,
                                           std::span<const std::size_t> ranks,
                                           std::size_t num_labels);

}  // namespace blip::eval
