#include "train/objectives/language_modeling.hpp"

#include "train/objectives/loss_precision.hpp"

namespace blip::train {

torch::Tensor language_model_targets(const TextBatch& texts, std::int64_t prompt_tokens) {
  torch::Tensor targets = texts.ids.masked_fill(texts.mask.eq(0), kIgnored);
  targets.slice(1, 0, prompt_tokens).fill_(kIgnored);
  return targets;
}

std::int64_t count_targets(const torch::Tensor& targets) {
  return targets.slice(1, 1).ne(kIgnored).sum().item<std::int64_t>();
}

torch::Tensor token_losses(const torch::Tensor& logits, const torch::Tensor& targets,
                           const LanguageModelOptions& options) {
  const double smoothing = options.label_smoothing;
  const torch::Tensor next = targets.slice(1, 1);  // [B, T - 1]
  const torch::Tensor asked = next.ne(kIgnored);   // [B, T - 1]
  const torch::Tensor log_probabilities =
      torch::log_softmax(for_loss(logits.slice(1, 0, logits.size(1) - 1)), -1);  // [B, T - 1, V]

  const torch::Tensor of_target =
      -log_probabilities.gather(-1, next.clamp_min(0).unsqueeze(-1)).squeeze(-1);
  const torch::Tensor target_term = of_target.masked_fill(asked.logical_not(), 0.0);
  if (smoothing == 0.0) return target_term;

  torch::Tensor smooth_term = -log_probabilities.mean(-1);
  if (options.smoothing == Smoothing::of_targets) {
    smooth_term = smooth_term.masked_fill(asked.logical_not(), 0.0);
  }
  return (1.0 - smoothing) * target_term + smoothing * smooth_term;
}

torch::Tensor language_model_loss(const torch::Tensor& logits, const torch::Tensor& targets,
                                  const LanguageModelOptions& options) {
  const torch::Tensor count = targets.slice(1, 1).ne(kIgnored).sum();
  if (options.smoothing == Smoothing::of_targets || options.label_smoothing == 0.0) {
    return token_losses(logits, targets, options).sum() / count;
  }
  // PyTorch 1.10 divided the target's term by the number of targets, and the smoothing term by
  // that of all positions.
  const torch::Tensor target_term =
      token_losses(logits, targets, {.label_smoothing = 0.0}).sum() / count;
  const torch::Tensor smooth_term =
      -torch::log_softmax(for_loss(logits.slice(1, 0, logits.size(1) - 1)), -1).mean();
  return (1.0 - options.label_smoothing) * target_term + options.label_smoothing * smooth_term;
}

}  // namespace blip::train
