// Classifier: pictures in, the names of what is in them out.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "app/images/image_batch.hpp"
#include "app/images/picture_reader.hpp"
#include "app/model_options.hpp"
#include "app/scored_label.hpp"
#include "tasks/image_classifier.hpp"

namespace blip::app {

/// Immutable after construction: every member may be called from many threads at once, each with
/// its own Context. All throw blip::Error.
class Classifier {
 public:
  explicit Classifier(const ModelOptions& model);

  [[nodiscard]] const PictureReader& pictures() const noexcept { return pictures_; }

  /// Of the classes, in the order of their logits.
  [[nodiscard]] std::span<const std::string> labels() const { return model_->labels(); }

  /// Before softmax or sigmoid: → [images, labels]
  [[nodiscard]] Tensor logits(Images images, Context& context) const;

  /// For each image the `top` likeliest labels with their probabilities, or what the model has
  /// instead (LabelScores), the likeliest first.
  [[nodiscard]] std::vector<std::vector<ScoredLabel>> classify(Images images, std::size_t top,
                                                               Context& context) const;

 private:
  PictureReader pictures_;
  std::shared_ptr<const ImageClassifier> model_;
};

}  // namespace blip::app
