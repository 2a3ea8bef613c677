// Pictures placed where a sentence encoder that stays as it is places what is said of them.
#pragma once

#include <torch/torch.h>

namespace blip::train {

/// images, sentences: [B, W] of unit length; image_ids: [B]. Cosines divided by a temperature of
/// 0.05, and the cross-entropy with "of the same image", each side among the other's rows: the mean
/// of both → scalar
torch::Tensor sentence_space_loss(const torch::Tensor& images, const torch::Tensor& sentences,
                                  const torch::Tensor& image_ids);

}  // namespace blip::train
