#include "train/objectives/hard_negatives.hpp"

#include <string>
#include <utility>

#include "blip/error.hpp"

namespace blip::train {
namespace {

void require_finite(const torch::Tensor& similarities) {
  if (!torch::isfinite(similarities).all().item<bool>()) {
    throw Error(ErrorCode::invalid_argument,
                "the similarities of images and texts are not finite: training has diverged; a "
                "lower learning rate, or starting from pretrained weights, may help");
  }
}

}  // namespace

NegativeSampler sample_with(torch::Generator generator, double hardness) {
  return [generator = std::move(generator), hardness](const torch::Tensor& weights) {
    const torch::Tensor likeness = weights.to(torch::kCPU, torch::kFloat64);
    // What must not be drawn stays at 0, for 0 ^ 0 is 1.
    const torch::Tensor chances = likeness.pow(hardness).masked_fill(likeness.eq(0.0), 0.0);
    return torch::multinomial(chances, 1, /*replacement=*/false, generator)
        .squeeze(1)
        .to(weights.device());
  };
}

torch::Tensor pretraining_weights(const torch::Tensor& similarities) {
  // So that no other pair of the batch is impossible.
  constexpr double kFloor = 1e-4;
  if (similarities.size(0) < 2) {
    throw Error(ErrorCode::invalid_argument,
                "a batch of one has no negatives: matching needs at least two pairs");
  }
  const torch::NoGradGuard no_grad;
  require_finite(similarities);
  return (torch::softmax(similarities.detach(), 1) + kFloor).fill_diagonal_(0.0);
}

torch::Tensor retrieval_weights(const torch::Tensor& similarities, const torch::Tensor& image_ids,
                                const torch::Tensor& column_ids) {
  const torch::NoGradGuard no_grad;
  require_finite(similarities);
  const torch::Tensor same = image_ids.unsqueeze(1).eq(column_ids.unsqueeze(0));  // [B, N]
  const torch::Tensor lonely = same.all(1);
  if (lonely.any().item<bool>()) {
    const auto row = lonely.to(torch::kInt64).argmax().item<std::int64_t>();
    throw Error(ErrorCode::invalid_argument,
                "row " + std::to_string(row) +
                    " has no negative: the whole batch is of one image, number " +
                    std::to_string(image_ids[row].item<std::int64_t>()) +
                    "; a larger batch, or more images, are needed");
  }
  const torch::Tensor weights = torch::softmax(similarities.detach(), 1).masked_fill(same, 0.0);
  const torch::Tensor vanished = weights.sum(1, /*keepdim=*/true).eq(0.0);  // [B, 1]
  return torch::where(vanished, same.logical_not().to(weights.dtype()), weights);
}

}  // namespace blip::train
