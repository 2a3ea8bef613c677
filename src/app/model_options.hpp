// What every class of app/ is opened with.
#pragma once

#include <filesystem>
#include <memory>

#include "app/images/picture_reader.hpp"
#include "blip/load_options.hpp"

namespace blip::app {

struct ModelOptions {
  std::filesystem::path model;  ///< a model directory or checkpoint file
  WeightType weight_type = WeightType::stored;
  PictureOptions pictures = {};
  /// A model whose tokenizer and preprocessing are used instead of the model's own; empty: none.
  std::filesystem::path processor = {};
  std::filesystem::path adapter = {};  ///< the directory of one that is merged in; empty: none
  std::shared_ptr<SharedWeights> shared = {};  ///< with other models

  [[nodiscard]] LoadOptions load() const {
    LoadOptions options;
    options.weight_type = weight_type;
    options.adapter = adapter;
    options.shared = shared;
    return options;
  }
};

}  // namespace blip::app
