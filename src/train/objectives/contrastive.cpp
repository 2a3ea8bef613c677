#include "train/objectives/contrastive.hpp"

#include "train/model/models.hpp"
#include "train/objectives/loss_precision.hpp"

namespace blip::train {

void clamp_temperature(const torch::Tensor& temperature) {
  const torch::NoGradGuard no_grad;
  torch::Tensor(temperature).clamp_(kMinTemperature, kMaxTemperature);
}

Similarities similarities(const ImageTextFeatures& features, const ImageTextFeatures& momentum,
                          const torch::Tensor& image_queue, const torch::Tensor& text_queue,
                          const torch::Tensor& temperature) {
  // [D, B + Q]. They are copies, so enqueueing later changes nothing that backward needs.
  const torch::Tensor all_images = torch::cat({momentum.image.t(), image_queue}, 1);
  const torch::Tensor all_texts = torch::cat({momentum.text.t(), text_queue}, 1);
  return {torch::matmul(features.image, all_texts) / temperature,
          torch::matmul(features.text, all_images) / temperature};
}

torch::Tensor one_positive_targets(std::int64_t batch, std::int64_t queue_size,
                                   const torch::TensorOptions& options) {
  torch::Tensor targets = torch::zeros({batch, batch + queue_size}, options);
  targets.fill_diagonal_(1.0);
  return targets;
}

torch::Tensor same_image_targets(const torch::Tensor& image_ids, const torch::Tensor& queue_ids,
                                 const torch::TensorOptions& options) {
  const torch::Tensor all_ids = torch::cat({image_ids.unsqueeze(0), queue_ids}, 1);  // [1, B + Q]
  const torch::Tensor same = image_ids.unsqueeze(1).eq(all_ids).to(options);         // [B, B + Q]
  return same / same.sum(1, /*keepdim=*/true);
}

torch::Tensor soft_targets(const torch::Tensor& momentum_similarities, const torch::Tensor& hard,
                           double alpha) {
  return alpha * torch::softmax(for_loss(momentum_similarities), 1) + (1.0 - alpha) * hard;
}

torch::Tensor soft_cross_entropy(const torch::Tensor& logits, const torch::Tensor& targets) {
  return -(torch::log_softmax(for_loss(logits), 1) * targets).sum(1).mean();
}

torch::Tensor contrastive_loss(const Similarities& online,
                               const Similarities& momentum_similarities, const torch::Tensor& hard,
                               double alpha) {
  const torch::Tensor image_to_text = soft_cross_entropy(
      online.image_to_text, soft_targets(momentum_similarities.image_to_text, hard, alpha));
  const torch::Tensor text_to_image = soft_cross_entropy(
      online.text_to_image, soft_targets(momentum_similarities.text_to_image, hard, alpha));
  return (image_to_text + text_to_image) / 2;
}

}  // namespace blip::train
