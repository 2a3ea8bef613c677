// DALL-E mini in training: a BART text encoder and a decoder of image codes, with NormFormer's
// norms and gated linear units.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

#include "blip/dalle.hpp"
#include "train/model/layers.hpp"
#include "train/model/parameters.hpp"
#include "train/model/text_transformer.hpp"

namespace blip::train {

/// x += after(output(attend(query, key, value of before(x)))). Linear layers have no biases, and
/// the norms before a matrix no weights, as in the files of DALL-E mini.
struct DalleAttentionBlock {
  LayerNorm before;
  Linear query, key, value;
  Linear output;
  LayerNorm after;
};

/// x += fc2(ln1(gelu(fc0(z)) · fc1(z))), z = ln0(x)
struct DalleGatedUnit {
  LayerNorm ln0;
  Linear fc0, fc1;
  LayerNorm ln1;
  Linear fc2;
};

struct DalleLayer {
  DalleAttentionBlock self_attention;
  DalleAttentionBlock cross_attention;  ///< of the decoder alone
  DalleGatedUnit unit;
};

struct DalleTower {
  std::int64_t heads = 1;
  torch::Tensor token_embedding;     ///< [V, E]
  torch::Tensor position_embedding;  ///< [positions, E]
  LayerNorm embedding_norm;
  std::vector<DalleLayer> layers;
  LayerNorm final_norm;
};

/// What DalleModel runs, without the VQGAN, by the same names of tensors. All of them are trained.
struct DalleTrainingModel {
  DalleConfig config;
  Parameters parameters;

  DalleTower encoder;
  DalleTower decoder;
  Linear head;  ///< [1 + image_vocab_size, E]

  /// → [B, T, E]; the states of padding mean nothing
  [[nodiscard]] torch::Tensor encode(const TextBatch& texts) const;
  /// states: [B, T, E] of the texts with this mask [B, T], codes: [B, L] int64, L = image_length →
  /// [B, L, V]: the scores of each code, which has seen those before it and the text
  [[nodiscard]] torch::Tensor logits(const torch::Tensor& states, const torch::Tensor& mask,
                                     const torch::Tensor& codes) const;
};

/// With uninitialised elements: then fill_parameters. `dtype`: float64 is for checking gradients.
DalleTrainingModel make_dalle_model(const DalleConfig& config, const torch::Device& device,
                                    torch::Dtype dtype = torch::kFloat32);

}  // namespace blip::train
