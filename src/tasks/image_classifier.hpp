// ImageClassifier: a model that tells images by classes, whatever its architecture. It is under
// `classify`.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "blip/context.hpp"
#include "blip/load_options.hpp"
#include "blip/tensor.hpp"

namespace blip {

/// What makes scores of logits, as transformers' image-classification pipeline chooses it.
enum class LabelScores {
  softmax,
  sigmoid,  ///< of one class alone, and where an image may be of several
  none,     ///< of a regression
};

/// Immutable after loading: every member is const and may be called from many threads at once, each
/// with its own Context.
class ImageClassifier {
 public:
  ImageClassifier() = default;
  virtual ~ImageClassifier() = default;
  ImageClassifier(const ImageClassifier&) = delete;
  ImageClassifier& operator=(const ImageClassifier&) = delete;

  /// The names of its classes.
  [[nodiscard]] virtual std::span<const std::string> labels() const noexcept = 0;

  [[nodiscard]] virtual LabelScores scores() const noexcept { return LabelScores::softmax; }

  /// pixel_values: [B, 3, H, W] → [B, labels], before softmax
  [[nodiscard]] virtual Tensor logits(TensorView pixel_values, Context& context) const = 0;
};

/// The classifier in `model`, which is a model directory, a hub id or the name of a bundled model.
/// Throws unsupported for a model that is none, or whatever reading the files throws.
std::shared_ptr<const ImageClassifier> open_image_classifier(const std::filesystem::path& model,
                                                             const LoadOptions& options);

}  // namespace blip
