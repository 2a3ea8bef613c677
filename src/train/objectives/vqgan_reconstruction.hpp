// The losses of a VQ-VAE (van den Oord et al. 2017, arXiv:1711.00937), which a VQGAN has beside its
// perceptual and adversarial ones.
#pragma once

#include <torch/torch.h>

#include "train/model/vqgan_model.hpp"
#include "train/objectives/rank_gather.hpp"

namespace blip::train {

struct VqganLossOptions {
  /// Of (x - y)² beside |x - y|. Where a small thing stands before a plain background, the latter
  /// alone is content with the background.
  double squared_error_weight = 0.0;
  double codebook_weight = 1.0;
  double commitment_weight = 0.25;
  /// A code that is chosen less than this share of what all would be, were they chosen equally
  /// often, is put where the encoder is now (Jukebox's random restarts, arXiv:2005.00341). 0: none.
  double restart_share = 0.0;
};

struct VqganLosses {
  torch::Tensor reconstruction;  ///< mean |picture - what its codes are decoded to|
  torch::Tensor squared_error;   ///< mean (picture - what its codes are decoded to)²
  torch::Tensor codebook;        ///< mean (code - latent)², which moves the codes
  torch::Tensor commitment;      ///< the same number, which moves the encoder
  torch::Tensor used_codes;      ///< how many different codes the batch has; no gradient
  torch::Tensor total;           ///< their weighted sum
};

/// pixels: [B, 3, S, S], 0 to 1. Gradients pass from the decoder to the encoder as if nothing had
/// been quantised. In training it counts how often codes are chosen, by all processes, and restarts
/// some, so it is called once for every step; with `gather` null nothing is changed.
VqganLosses vqgan_losses(const VqganTrainingModel& model, const torch::Tensor& pixels,
                         const VqganLossOptions& options, const RankGather* gather);

}  // namespace blip::train
