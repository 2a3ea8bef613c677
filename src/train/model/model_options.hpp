// What a model in training has beyond its architecture.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <filesystem>
#include <optional>

#include "blip/config.hpp"
#include "train/model/vision_transformer.hpp"

namespace blip::train {

/// The original's queue: divisible by the global batches that are usual (57,600 = 2⁸·3²·5²).
inline constexpr std::int64_t kQueueSize = 57'600;

struct ModelOptions {
  torch::Device device = torch::kCPU;
  torch::Dtype dtype = torch::kFloat32;  ///< float64 is for checking gradients
  VisionOptions vision;
  double text_dropout = 0.1;
  std::int64_t queue_size = kQueueSize;  ///< of models with contrastive learning
  double momentum =
      0.995;  ///< what momentum copies keep of themselves at each step; the original's
};

/// [DEC], the first token of a decoder's text, and [ENC], of an image-grounded encoder's: the two
/// that BLIP adds behind BERT's vocabulary.
inline std::int64_t decoder_token(const BlipTextConfig& config) {
  return config.bos_token_id;
}
inline std::int64_t encoder_token(const BlipTextConfig& config) {
  return config.bos_token_id + 1;
}

}  // namespace blip::train
