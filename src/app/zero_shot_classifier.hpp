// ZeroShotClassifier: pictures in, the names out of a list that fit them best.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "app/embedder.hpp"
#include "app/label_embeddings.hpp"
#include "app/scored_label.hpp"

namespace blip::app {

struct ZeroShotOptions {
  TextStyle style = TextStyle::hf;
  LabelSet labels;
  std::filesystem::path kept_labels = {};  ///< where their vectors are kept; empty: nowhere
};

/// Of each image with each label, as the model was trained to compare them: embeddings: [images,
/// D], label_embeddings: [labels, D] → [images, labels]
Tensor zero_shot_logits(const LabelSimilarity& similarity, const Tensor& embeddings,
                        const Tensor& label_embeddings);

/// The `top` best labels of each image, the best first. embeddings: [images, D], label_embeddings:
/// [labels, D]
std::vector<std::vector<ScoredLabel>> zero_shot_labels(const LabelSimilarity& similarity,
                                                       const Tensor& embeddings,
                                                       std::span<const std::string> labels,
                                                       const Tensor& label_embeddings,
                                                       std::size_t top);

/// Compares pictures with labels that are embedded once. The scores are those of transformers'
/// zero-shot-image-classification pipeline. Immutable after construction: every member may be
/// called from many threads at once, each with its own Context. All throw blip::Error.
class ZeroShotClassifier {
 public:
  ZeroShotClassifier(const ModelOptions& model, ZeroShotOptions options, Context& context);

  [[nodiscard]] const PictureReader& pictures() const noexcept { return embedder_.pictures(); }

  [[nodiscard]] std::span<const std::string> labels() const noexcept { return labels_.labels; }

  /// zero_shot_logits of the images: → [images, labels]
  [[nodiscard]] Tensor logits(Images images, Context& context) const;

  /// For each image the `top` best labels, the best first.
  [[nodiscard]] std::vector<std::vector<ScoredLabel>> classify(Images images, std::size_t top,
                                                               Context& context) const;

 private:
  Embedder embedder_;
  LabelSet labels_;
  Tensor label_embeddings_;  // [labels, D]
};

}  // namespace blip::app
