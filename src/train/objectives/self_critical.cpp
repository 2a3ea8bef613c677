#include "train/objectives/self_critical.hpp"

#include "train/objectives/language_modeling.hpp"

namespace blip::train {

torch::Tensor advantage_over_greedy(const torch::Tensor& rewards, const torch::Tensor& greedy) {
  return rewards - greedy.unsqueeze(1);
}

torch::Tensor advantage_over_others(const torch::Tensor& rewards) {
  const auto others = static_cast<double>(rewards.size(1) - 1);
  return rewards - (rewards.sum(1, /*keepdim=*/true) - rewards) / others;
}

torch::Tensor self_critical_loss(const torch::Tensor& logits, const TextBatch& captions,
                                 std::int64_t given_tokens, const torch::Tensor& advantages) {
  const torch::Tensor targets = language_model_targets(captions, given_tokens);
  const torch::Tensor losses =
      token_losses(logits, targets, {.label_smoothing = 0.0});  // [A, T - 1], -log p
  const torch::Tensor count = targets.slice(1, 1).ne(kIgnored).sum();
  return (losses * advantages.to(losses.dtype()).unsqueeze(1)).sum() / count;
}

}  // namespace blip::train
