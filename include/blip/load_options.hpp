// How a model's weights are loaded.
#pragma once

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
  WeightType weight_type = WeightType::stored;
};

}  // namespace blip
