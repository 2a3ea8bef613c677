// EfficientNetLiteForImageClassification: says what is in an image, out of a list of classes.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "blip/config.hpp"
#include "blip/context.hpp"
#include "blip/export.hpp"
#include "blip/load_options.hpp"
#include "blip/tensor.hpp"

namespace blip {

/// config.json of a classifier, whose backbone's fields are at its top level.
struct BLIP_API EfficientNetLiteClassifierConfig {
  std::string architecture;  ///< architectures[0]; may be empty
  EfficientNetLiteConfig backbone;
  int image_size = 224;
  std::vector<std::string> labels;  ///< id2label: the name of each class

  /// Reads config.json of a model directory. Throws not_found, malformed, unsupported or
  /// limit_exceeded; the message names the file and the field.
  static EfficientNetLiteClassifierConfig from_pretrained(const std::filesystem::path& model);
};

/// EfficientNet-Lite, the mean over its map, and a linear layer: as transformers'
/// EfficientNetForImageClassification, which has other blocks.
/// Weights are immutable after loading and shared between copies: every member is const and may be
/// called from many threads at once, each with its own Context.
class BLIP_API EfficientNetLiteForImageClassification {
 public:
  /// `model` is a model directory, a hub id or the name of a bundled model. Throws missing_tensor
  /// or shape_mismatch naming the tensor, or whatever reading the files throws.
  static EfficientNetLiteForImageClassification from_pretrained(const std::filesystem::path& model,
                                                                const LoadOptions& options = {});

  /// pixel_values: [B, 3, H, W] → [B, num_labels], before softmax. Any size; the model's own is
  /// config().image_size.
  [[nodiscard]] Tensor logits(TensorView pixel_values, Context& context) const;

  [[nodiscard]] const EfficientNetLiteClassifierConfig& config() const noexcept;
  /// Tensors of the checkpoint that this architecture does not use, sorted by name.
  [[nodiscard]] const std::vector<std::string>& ignored_tensors() const noexcept;

 private:
  struct Model;
  explicit EfficientNetLiteForImageClassification(std::shared_ptr<const Model> model);
  std::shared_ptr<const Model> model_;
};

}  // namespace blip
