#include "train/objectives/clip_contrastive.hpp"

#include "train/objectives/loss_precision.hpp"

namespace blip::train {
namespace {

// Of rows that belong to the columns from `first` on. own: [B, D], others: [W · B, D] → scalar
torch::Tensor loss_among(const torch::Tensor& own, const torch::Tensor& others,
                         const torch::Tensor& scale, std::int64_t first) {
  const torch::Tensor logits = scale * torch::matmul(own, others.t());
  const torch::Tensor right = torch::arange(
      first, first + own.size(0), torch::TensorOptions(torch::kInt64).device(own.device()));
  return torch::nll_loss(torch::log_softmax(for_loss(logits), 1), right);
}

}  // namespace

ClipLosses clip_losses(const ImageTextFeatures& features, const torch::Tensor& logit_scale,
                       const RankGather& gather) {
  const torch::Tensor scale = logit_scale.exp();
  const std::int64_t first = gather.rank * features.image.size(0);
  ClipLosses losses;
  losses.image_to_text =
      loss_among(features.image, gather.differentiable_rows(features.text), scale, first);
  losses.text_to_image =
      loss_among(features.text, gather.differentiable_rows(features.image), scale, first);
  losses.total = (losses.image_to_text + losses.text_to_image) / 2;
  return losses;
}

ClipLosses clip_losses(const ClipTrainingModel& model, const ClipBatch& batch,
                       const RankGather& gather) {
  clamp_logit_scale(model.logit_scale);
  return clip_losses({model.encode_images(batch.images), model.encode_texts(batch.texts)},
                     model.logit_scale, gather);
}

}  // namespace blip::train
