// Image-text matching (ITM): is this text of this image?
#pragma once

#include <torch/torch.h>

#include "train/model/layers.hpp"
#include "train/model/text_transformer.hpp"

namespace blip::train {

/// Everything that negatives are drawn from: columns are texts and images of this batch, or of all
/// ranks' batches.
struct NegativeCandidates {
  torch::Tensor image_states;  ///< [N, 1 + P, C]
  TextBatch texts;             ///< N texts, [ENC] first
};

/// B pairs as they belong together, then every text with a wrong image, then every image with a
/// wrong text: the cross-entropy of 3B decisions → scalar. `texts` have [ENC] first;
/// negative_images, negative_texts: [B] columns of the candidates.
torch::Tensor matching_loss(const TextTransformer& encoder, const Linear& head,
                            const torch::Tensor& image_states, const TextBatch& texts,
                            const NegativeCandidates& candidates,
                            const torch::Tensor& negative_images,
                            const torch::Tensor& negative_texts, bool training);

}  // namespace blip::train
