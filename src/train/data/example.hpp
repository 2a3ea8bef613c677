// Example: a row as the model will see it, but for tokens and floats.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "blip/image.hpp"
#include "dataset/sample.hpp"
#include "train/data/feature_cache.hpp"

namespace blip::train {

/// What a feature cache has of a picture.
struct CachedFeatures {
  FeatureKey key{};
  Features values{};  ///< empty if it is not there
};

struct Example {
  /// size × size; NLVR2: left and right. Without pixels where `features` has values.
  std::vector<Image> pictures;
  std::vector<CachedFeatures> features;  ///< of each picture, if there is a feature cache
  std::string text;                      ///< caption with its prompt, question or statement
  std::vector<std::string> more_texts;   ///< further captions of the picture, prepared alike
  std::vector<bool> are_synthetic;       ///< of the captions: text, then more_texts
  std::vector<dataset::Answer> answers;  ///< of a question
  bool is_true = false;                  ///< of a statement
  bool is_mirrored = false;              ///< and "left" and "right" with it, unless it is augmented
  std::uint32_t image = 0;               ///< equal for examples of the same picture, by its id
  std::uint32_t sample = 0;              ///< of the data set
  /// Why another row stands here than the one that was due; empty if it is that one.
  std::string replacement;
};

}  // namespace blip::train
