// How a model's weights are loaded.
#pragma once

namespace blip {

/// The number type weights are held in. Arithmetic is float32 whatever this is.
enum class WeightType {
  stored,  ///< as the checkpoint has them, used in place
  f32,
  f16,
  bf16,
};

struct LoadOptions {
  WeightType weight_type = WeightType::stored;
};

}  // namespace blip
