#include "app/classifier.hpp"

#include "tasks/embedding.hpp"

namespace blip::app {

Classifier::Classifier(const ModelOptions& model)
    : pictures_(model.model, model.pictures, model.processor),
      model_(open_image_classifier(model.model, model.load())) {}

Tensor Classifier::logits(Images images, Context& context) const {
  Tensor all{{0, static_cast<std::int64_t>(labels().size())}, {}};
  for (const Images run : runs_of_one_shape(images)) {
    const Tensor logits = model_->logits(stacked_pixels(run), context);
    all.shape.front() += logits.shape.front();
    all.data.insert(all.data.end(), logits.data.begin(), logits.data.end());
  }
  return all;
}

std::vector<std::vector<ScoredLabel>> Classifier::classify(Images images, std::size_t top,
                                                           Context& context) const {
  const Tensor all = logits(images, context);
  std::vector<std::vector<ScoredLabel>> best;
  best.reserve(images.size());
  for (std::size_t image = 0; image < images.size(); ++image) {
    best.push_back(best_labels(scores_of(row_of(all, image), model_->scores()), labels(), top));
  }
  return best;
}

}  // namespace blip::app
