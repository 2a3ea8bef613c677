// Image-text contrastive learning (ITC) with momentum features, queues and soft targets.
#pragma once

#include <torch/torch.h>

#include <cstdint>

namespace blip::train {

/// Features of unit length, [B, D] each.
struct ImageTextFeatures {
  torch::Tensor image;
  torch::Tensor text;
};

/// Similarities divided by the temperature.
struct Similarities {
  torch::Tensor image_to_text;  ///< [B, B + Q]
  torch::Tensor text_to_image;  ///< [B, B + Q]
};

/// Holds the learnt temperature within its bounds: in place, without a gradient, at the start of
/// every step.
void clamp_temperature(const torch::Tensor& temperature);

/// features, momentum: [B, D]; image_queue, text_queue: [D, Q]; temperature: scalar. Each row
/// compares a feature with the other kind's momentum features of this batch, then of the queue.
Similarities similarities(const ImageTextFeatures& features, const ImageTextFeatures& momentum,
                          const torch::Tensor& image_queue, const torch::Tensor& text_queue,
                          const torch::Tensor& temperature);

/// Pre-training: a pair matches itself alone → [B, B + queue_size], ones on the diagonal
torch::Tensor one_positive_targets(std::int64_t batch, std::int64_t queue_size,
                                   const torch::TensorOptions& options);

/// Retrieval: everything of the same image matches. image_ids: [B], queue_ids: [1, Q] → [B, B + Q],
/// rows sum to 1
torch::Tensor same_image_targets(const torch::Tensor& image_ids, const torch::Tensor& queue_ids,
                                 const torch::TensorOptions& options);

/// alpha · softmax(momentum similarities) + (1 - alpha) · hard: [B, B + Q], rows sum to 1
torch::Tensor soft_targets(const torch::Tensor& momentum_similarities, const torch::Tensor& hard,
                           double alpha);

/// Mean over rows of the cross-entropy with targets that are distributions. logits, targets:
/// [B, N] → scalar
torch::Tensor soft_cross_entropy(const torch::Tensor& logits, const torch::Tensor& targets);

/// The mean of both directions → scalar. `momentum_similarities` and `hard` carry no gradient.
torch::Tensor contrastive_loss(const Similarities& online,
                               const Similarities& momentum_similarities, const torch::Tensor& hard,
                               double alpha);

}  // namespace blip::train
