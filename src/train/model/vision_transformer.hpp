// The vision transformer in training: pre-LN, with drop path and recomputed activations.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "blip/config.hpp"
#include "train/model/efficientnet_lite.hpp"
#include "train/model/layers.hpp"

namespace blip::train {

struct VisionBlock {
  LayerNorm layer_norm1;
  Linear qkv;         ///< [3C, C]: query, key, value
  Linear projection;  ///< [C, C]
  LayerNorm layer_norm2;
  Linear fc1;
  Linear fc2;
  double drop_path = 0.0;  ///< probability that a sample skips this branch
};

struct VisionOptions {
  /// Of the last block; block i has i / (depth - 1) of it. The original has 0.1 for every ViT-L and
  /// for ViT-B in VQA and NLVR2, else 0.
  double drop_path = 0.0;
  /// The last n blocks keep no activations and compute them again on the way back: same numbers,
  /// less memory, more time.
  int recomputed_blocks = 0;
  /// The backbone of a hybrid tower stays as it is: no gradients, and momentum copies share it.
  bool is_backbone_fixed = true;
};

struct VisionTransformer {
  BlipVisionConfig config;
  int recomputed_blocks = 0;
  torch::Tensor class_embedding;             ///< [1, 1, C]
  torch::Tensor position_embedding;          ///< [1, 1 + N, C]
  std::optional<EfficientNetLite> backbone;  ///< of a hybrid tower
  bool is_backbone_fixed = true;
  Linear patch_embedding;  ///< weight: [C, 3, P, P]; of a hybrid tower [C, hidden_dim, 1, 1]
  std::vector<VisionBlock> blocks;
  LayerNorm post_layernorm;

  /// images: [B, 3, S, S], normalised, S = config.image_size → [B, 1 + N, C], N = (S / P)², the
  /// class token first, after the last layer norm. A hybrid tower has N = ceil(S / 32)², and takes
  /// what `backbone->trunk` makes of the images as well. Throws shape_mismatch for another size.
  [[nodiscard]] torch::Tensor forward(const torch::Tensor& images, bool training) const;
};

/// Names begin with `prefix`, "vision_model." or "vision_model_m.". `followed`: what a momentum
/// copy follows and shares a fixed backbone with.
VisionTransformer add_vision_transformer(Parameters& parameters, const std::string& prefix,
                                         const BlipVisionConfig& config,
                                         const VisionOptions& options, Role role,
                                         const VisionTransformer* followed = nullptr);

}  // namespace blip::train
