#include "app/zero_shot_classifier.hpp"

#include <utility>

#include "tasks/embedding.hpp"

namespace blip::app {

ZeroShotClassifier::ZeroShotClassifier(const ModelOptions& model, ZeroShotOptions options,
                                       Context& context)
    : embedder_(model, options.style),
      labels_(std::move(options.labels)),
      label_embeddings_(
          kept_label_embeddings(embedder_, model, labels_, options.kept_labels, context)) {}

Tensor ZeroShotClassifier::logits(Images images, Context& context) const {
  const Tensor embeddings = embedder_.embed(embedder_.encode(images, context), context);
  const LabelSimilarity similarity = embedder_.model().label_similarity();
  Tensor logits =
      scaled_cosines(embeddings, label_embeddings_, embeddings.shape[1], similarity.scale);
  for (float& logit : logits.data) logit += similarity.bias;
  return logits;
}

std::vector<std::vector<ScoredLabel>> ZeroShotClassifier::classify(Images images, std::size_t top,
                                                                   Context& context) const {
  const Tensor all_logits = logits(images, context);
  const LabelScores kind = embedder_.model().label_similarity().scores;
  std::vector<std::vector<ScoredLabel>> all;
  all.reserve(images.size());
  for (std::size_t image = 0; image < images.size(); ++image) {
    const std::vector<float> scores = scores_of(row_of(all_logits, image), kind);
    all.push_back(best_labels(scores, labels_.labels, top));
  }
  return all;
}

}  // namespace blip::app
