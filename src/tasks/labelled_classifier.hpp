// A public class with named labels as the ImageClassifier that it is.
#pragma once

#include <string>
#include <utility>

#include "tasks/image_classifier.hpp"

namespace blip {

/// Model: config() with labels and problem_type, and logits().
template <typename Model>
class LabelledClassifier final : public ImageClassifier {
 public:
  explicit LabelledClassifier(Model model) : model_(std::move(model)) {}

  [[nodiscard]] std::span<const std::string> labels() const noexcept override {
    return model_.config().labels;
  }
  [[nodiscard]] LabelScores scores() const noexcept override {
    const std::string& problem = model_.config().problem_type;
    if (problem == "regression") return LabelScores::none;
    return problem == "multi_label_classification" || labels().size() == 1 ? LabelScores::sigmoid
                                                                           : LabelScores::softmax;
  }
  [[nodiscard]] Tensor logits(TensorView pixel_values, Context& context) const override {
    return model_.logits(pixel_values, context);
  }

 private:
  Model model_;
};

}  // namespace blip
