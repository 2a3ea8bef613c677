// How a model's weights are loaded.
#pragma once

#include <filesystem>
#include <memory>

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

/// What models that are loaded with the same one have in common: weights that are equal and that
/// are held in another form than the file's (the convolutions of hybrid towers) are there once, as
/// long as one of the models is. Safe to use from many threads at once.
class SharedWeights;
std::shared_ptr<SharedWeights> make_shared_weights();

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
  /// Null: the model shares its weights with its copies alone.
  std::shared_ptr<SharedWeights> shared{};
};

}  // namespace blip
