// PictureInputs: what vision towers in training are given: pixels, or what a fixed backbone makes
// of them, from the cache where it is known.
#pragma once

#include <torch/torch.h>

#include <cstddef>
#include <memory>
#include <span>

#include "train/data/example.hpp"
#include "train/data/feature_cache.hpp"
#include "train/model/vision_transformer.hpp"
#include "train/recipes/start_model.hpp"
#include "train/run/training_config.hpp"

namespace blip::train {

class PictureInputs {
 public:
  /// Throws invalid_argument for a data.feature_cache that could not be of use: without a fixed
  /// backbone, or with pictures that look different every time.
  PictureInputs(const TrainingConfig& config, const StartModel& start,
                const VisionTransformer& tower, const torch::Device& device);

  /// Opens data.feature_cache for the weights that the backbone has now; null if there is none.
  std::shared_ptr<const FeatureCache> open_cache();

  /// Pictures `which` (NLVR2: 0 left, 1 right) → [B, 3, S, S], or with a fixed backbone
  /// [B, F, h, h] of its trunk, in float16 and back if they are cached.
  torch::Tensor operator()(std::span<const Example> examples, std::size_t which = 0) const;

 private:
  [[nodiscard]] torch::Tensor features_of(std::span<const Example> examples,
                                          std::size_t which) const;

  TrainingConfig config_;
  BlipImageProcessorConfig images_;
  VisionTransformer tower_;  // its tensors are the model's own
  torch::Device device_;
  std::shared_ptr<FeatureCache> cache_;
};

}  // namespace blip::train
