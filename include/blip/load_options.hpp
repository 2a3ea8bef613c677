// How a model's weights are loaded.
#pragma once

namespace blip {

/// The number type weights are held in. Arithmetic is float32 whatever this is.
enum class WeightType {
  stored,  ///< as the checkpoint has them, used in place
  f32,
  f16,
  bf16,
  i8,  ///< int8 with one scale per output; about a quarter of the memory of f32
};

struct LoadOptions {
  WeightType weight_type = WeightType::stored;
};

}  // namespace blip
