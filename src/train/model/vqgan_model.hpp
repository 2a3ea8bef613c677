// A VQGAN in training: pictures → codes → pictures, as taming-transformers has it.
#pragma once

#include <torch/torch.h>

#include <optional>
#include <vector>

#include "blip/dalle.hpp"
#include "train/model/layers.hpp"
#include "train/model/parameters.hpp"

namespace blip::train {

/// Weight: [O, I, k, k]. 3 × 3 keeps the size, unless it is of stride 2.
struct ImageConvolution {
  torch::Tensor weight;
  torch::Tensor bias;
};

/// Over groups of channels.
struct GroupNorm {
  torch::Tensor weight;  ///< [C]
  torch::Tensor bias;    ///< [C]
};

struct ResnetBlock {
  GroupNorm norm1;
  ImageConvolution conv1;
  GroupNorm norm2;
  ImageConvolution conv2;
  std::optional<ImageConvolution> shortcut;  ///< 1 × 1, where the number of channels changes
};

/// One head; 1 × 1 convolutions.
struct ImageAttention {
  GroupNorm norm;
  ImageConvolution query, key, value;
  ImageConvolution output;
};

/// Blocks at one size of the picture.
struct VqganLevel {
  std::vector<ResnetBlock> blocks;
  std::vector<ImageAttention> attentions;  ///< one after each block, or none
  std::optional<ImageConvolution> resize;  ///< to half the sides (encoder), to twice (decoder)
};

/// One half of the model.
struct VqganTower {
  ImageConvolution first;
  std::vector<VqganLevel> levels;  ///< by their number in the file, 0 for the finest
  ResnetBlock middle1;
  ImageAttention middle_attention;
  ResnetBlock middle2;
  GroupNorm last_norm;
  ImageConvolution last;
};

/// Names of tensors are those of blip.cpp's DALL-E files ("vqgan.decoder.…"), and taming's for the
/// encoder behind the same prefix.
struct VqganTrainingModel {
  VqganConfig config;
  Parameters parameters;

  VqganTower encoder;
  ImageConvolution quant;       ///< 1 × 1, z_channels → embed_dim
  torch::Tensor codebook;       ///< [n_embed, embed_dim]
  ImageConvolution post_quant;  ///< 1 × 1, embed_dim → z_channels
  VqganTower decoder;
  /// [n_embed]: how often a code is chosen in a step, a moving average. A buffer, not of a fixed
  /// model.
  torch::Tensor code_use;

  /// pixels: [B, 3, S, S], 0 to 1, S = resolution → [B, h, h, D], h = config.grid(): what becomes
  /// codes. Throws shape_mismatch for another size.
  [[nodiscard]] torch::Tensor encode(const torch::Tensor& pixels) const;
  /// latents: [B, h, h, D] → [B, h, h] int64: the nearest codes. Without gradients.
  [[nodiscard]] torch::Tensor nearest_codes(const torch::Tensor& latents) const;
  /// vectors: [B, h, h, D] of the codebook → [B, 3, S, S]
  [[nodiscard]] torch::Tensor decode(const torch::Tensor& vectors) const;
};

enum class VqganUse {
  trained,
  fixed,  ///< no gradients and no buffers
};

/// With uninitialised elements: then fill_parameters. `dtype`: float64 is for checking gradients.
VqganTrainingModel make_vqgan_model(const VqganConfig& config, const torch::Device& device,
                                    VqganUse use = VqganUse::trained,
                                    torch::Dtype dtype = torch::kFloat32);

}  // namespace blip::train
