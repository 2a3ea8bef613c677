// How a model's weights are loaded.
#pragma once

#include <filesystem>

#include "blip/hub.hpp"

namespace blip {

/// The number type weights are held in. Arithmetic is to float32's accuracy, except that of i8.
enum class WeightType {
  stored,  ///< as the checkpoint has them, used in place
  f32,
  f16,
  bf16,
  /// Int8 with one scale per output, about a quarter of the memory of f32. Image and text encoders
  /// and what a decoder reads of images round their activations to 8 bits, too; a decoder its own
  /// to 16.
  i8,
};

struct LoadOptions {
  // {}: without it, gcc's -Wextra warns callers about every field they leave out.

  WeightType weight_type = WeightType::stored;
  /// A LoRA adapter of PEFT that is merged into the model's weights: a directory or a hub id.
  /// Needed only where the model is not named by its adapter, which finds its base model itself, or
  /// where that is in another place.
  std::filesystem::path adapter{};
  /// For a model that is named by a hub id: offline, revision, token, cache directory and so on.
  HubOptions hub{};
  /// Told while its files are downloaded, if they are; false cancels.
  DownloadProgress progress{};
};

}  // namespace blip
