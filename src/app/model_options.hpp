// What every class of app/ is opened with.
#pragma once

#include <filesystem>

#include "app/images/picture_reader.hpp"
#include "blip/load_options.hpp"

namespace blip::app {

struct ModelOptions {
  std::filesystem::path model;  ///< a model directory or checkpoint file
  WeightType weight_type = WeightType::stored;
  PictureOptions pictures = {};
  /// A model whose tokenizer and preprocessing are used instead of the model's own; empty: none.
  std::filesystem::path processor = {};
};

}  // namespace blip::app
