#include "app/classifier.hpp"

#include "tasks/embedding.hpp"

namespace blip::app {

Classifier::Classifier(const ModelOptions& model)
    : pictures_(model.model, model.pictures, model.processor),
      model_(open_image_classifier(model.model, model.load())) {}

std::vector<std::vector<ScoredLabel>> Classifier::classify(Images images, std::size_t top,
                                                           Context& context) const {
  std::vector<std::vector<ScoredLabel>> all;
  for (const Images run : runs_of_one_shape(images)) {
    const Tensor logits = model_->logits(stacked_pixels(run), context);
    for (std::size_t i = 0; i < run.size(); ++i) {
      all.push_back(
          best_labels(scores_of(row_of(logits, i), model_->scores()), model_->labels(), top));
    }
  }
  return all;
}

}  // namespace blip::app
