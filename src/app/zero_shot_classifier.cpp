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
  return zero_shot_logits(embedder_.model().label_similarity(), embeddings, label_embeddings_);
}

std::vector<std::vector<ScoredLabel>> ZeroShotClassifier::classify(Images images, std::size_t top,
                                                                   Context& context) const {
  const Tensor embeddings = embedder_.embed(embedder_.encode(images, context), context);
  return zero_shot_labels(embedder_.model().label_similarity(), embeddings, labels_.labels,
                          label_embeddings_, top);
}

Tensor zero_shot_logits(const LabelSimilarity& similarity, const Tensor& embeddings,
                        const Tensor& label_embeddings) {
  Tensor logits =
      scaled_cosines(embeddings, label_embeddings, embeddings.shape[1], similarity.scale);
  for (float& logit : logits.data) logit += similarity.bias;
  return logits;
}

std::vector<std::vector<ScoredLabel>> zero_shot_labels(const LabelSimilarity& similarity,
                                                       const Tensor& embeddings,
                                                       std::span<const std::string> labels,
                                                       const Tensor& label_embeddings,
                                                       std::size_t top) {
  const Tensor logits = zero_shot_logits(similarity, embeddings, label_embeddings);
  const auto images = static_cast<std::size_t>(embeddings.shape.front());
  std::vector<std::vector<ScoredLabel>> all;
  all.reserve(images);
  for (std::size_t image = 0; image < images; ++image) {
    const std::vector<float> scores = scores_of(row_of(logits, image), similarity.scores);
    all.push_back(best_labels(scores, labels, top));
  }
  return all;
}

}  // namespace blip::app
