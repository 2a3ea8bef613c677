// CLIP in training: two pre-norm transformers, their projections, and the scale of similarities.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

#include "architectures/activation.hpp"
#include "blip/clip.hpp"
#include "train/model/layers.hpp"
#include "train/model/parameters.hpp"

namespace blip::train {

/// Texts of a batch, padded to one length with anything.
struct ClipTexts {
  torch::Tensor ids;   ///< [B, T] int64
  torch::Tensor ends;  ///< [B] int64: where each text's <|endoftext|> is, at which it is read
};

struct ClipBlock {
  LayerNorm layer_norm1;
  Linear query, key, value;
  Linear projection;
  LayerNorm layer_norm2;
  Linear fc1;
  Linear fc2;
};

/// The layers of one tower.
struct ClipEncoder {
  std::int64_t heads = 1;
  Activation activation = Activation::quick_gelu;
  std::vector<ClipBlock> blocks;

  /// x: [B, T, C], mask as of `attention` → [B, T, C]
  [[nodiscard]] torch::Tensor forward(torch::Tensor x, const torch::Tensor& mask) const;
};

/// transformers' CLIPModel, with its names of tensors. All of them are trained.
struct ClipTrainingModel {
  CLIPConfig config;
  Parameters parameters;

  torch::Tensor class_embedding;     ///< [C]
  torch::Tensor patch_embedding;     ///< [C, 3, P, P]
  torch::Tensor position_embedding;  ///< [1 + N, C]
  LayerNorm pre_layernorm;
  ClipEncoder vision;
  LayerNorm post_layernorm;
  Linear visual_projection;  ///< [D, C], no bias

  torch::Tensor token_embedding;          ///< [V, H]
  torch::Tensor text_position_embedding;  ///< [positions, H]
  ClipEncoder text;
  LayerNorm final_layer_norm;
  Linear text_projection;  ///< [D, H], no bias

  torch::Tensor logit_scale;  ///< scalar: the logarithm of what cosines are multiplied by

  /// images: [B, 3, S, S], normalised → [B, D] of unit length. Throws shape_mismatch for a size
  /// that is not the model's.
  [[nodiscard]] torch::Tensor encode_images(const torch::Tensor& images) const;
  /// → [B, D] of unit length
  [[nodiscard]] torch::Tensor encode_texts(const ClipTexts& texts) const;
};

/// With uninitialised elements: then fill_parameters. `dtype`: float64 is for checking gradients.
ClipTrainingModel make_clip_model(const CLIPConfig& config, const torch::Device& device,
                                  torch::Dtype dtype = torch::kFloat32);

/// The bounds that logit_scale is held to: cosines are multiplied by 1 to 100, as in the paper.
inline constexpr double kMinLogitScale = 0.0;
inline constexpr double kMaxLogitScale = 4.6051701859880914;  // ln 100

/// Holds logit_scale within its bounds: in place, without a gradient, at the start of every step
/// and before the model is saved.
void clamp_logit_scale(const torch::Tensor& logit_scale);

}  // namespace blip::train
