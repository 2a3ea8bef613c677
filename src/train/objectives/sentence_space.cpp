#include "train/objectives/sentence_space.hpp"

#include "train/objectives/contrastive.hpp"
#include "train/objectives/loss_precision.hpp"

namespace blip::train {

torch::Tensor sentence_space_loss(const torch::Tensor& images, const torch::Tensor& sentences,
                                  const torch::Tensor& image_ids) {
  constexpr double kTemperature = 0.05;  // sentence-transformers': its scale of 20
  const torch::Tensor cosines =
      torch::matmul(for_loss(images), for_loss(sentences).t()) / kTemperature;  // [B, B]
  const torch::Tensor same =
      image_ids.unsqueeze(1).eq(image_ids.unsqueeze(0)).to(cosines.options());
  const torch::Tensor targets = same / same.sum(1, /*keepdim=*/true);
  return (soft_cross_entropy(cosines, targets) + soft_cross_entropy(cosines.t(), targets)) / 2;
}

}  // namespace blip::train
