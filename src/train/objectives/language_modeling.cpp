#include "train/objectives/language_modeling.hpp"

#include "train/objectives/loss_precision.hpp"

namespace blip::train {

namespace {

// A position's cross-entropy with its target, and with a uniform distribution; the latter undefined
// if nothing is smoothed.
struct Terms {
  torch::Tensor of_target;
  torch::Tensor smooth;
};

// logits: [..., V], next: [...] → [...]
Terms terms_of(const torch::Tensor& logits, const torch::Tensor& next,
               const LanguageModelOptions& options) {
  const torch::Tensor log_probabilities = torch::log_softmax(for_loss(logits), -1);
  Terms terms;
  terms.of_target = -log_probabilities.gather(-1, next.unsqueeze(-1)).squeeze(-1);
  if (options.label_smoothing != 0.0) terms.smooth = -log_probabilities.mean(-1);
  return terms;
}

}  // namespace

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
  const torch::Tensor next = targets.slice(1, 1);  // [B, T - 1]
  const torch::Tensor asked = next.ne(kIgnored);   // [B, T - 1]
  const Terms terms = terms_of(logits.slice(1, 0, logits.size(1) - 1), next.clamp_min(0), options);
  const torch::Tensor target_term = terms.of_target.masked_fill(asked.logical_not(), 0.0);
  if (!terms.smooth.defined()) return target_term;
  const torch::Tensor smooth_term = options.smoothing == Smoothing::of_targets
                                        ? terms.smooth.masked_fill(asked.logical_not(), 0.0)
                                        : terms.smooth;
  return (1.0 - options.label_smoothing) * target_term + options.label_smoothing * smooth_term;
}

torch::Tensor decoded_loss(const TextTransformer& decoder, const LanguageModelHead& head,
                           const TextBatch& texts, const CrossStates& states,
                           std::int64_t prompt_tokens, const LanguageModelOptions& options) {
  constexpr bool kTraining = true;
  const torch::Tensor targets = language_model_targets(texts, prompt_tokens);
  if (options.smoothing == Smoothing::of_all_positions) {
    TextTransformer all = decoder;
    all.skips_padding = false;
    return language_model_loss(head.logits(all.decode(texts, states, kTraining)), targets, options);
  }
  const torch::Tensor hidden = decoder.decode(texts, states, kTraining);  // [B, T, H]
  const torch::Tensor next = targets.slice(1, 1).flatten();               // [B · (T - 1)]
  const torch::Tensor places = next.ne(kIgnored).nonzero().flatten();     // [M]
  const torch::Tensor before = hidden.slice(1, 0, hidden.size(1) - 1).flatten(0, 1);
  const Terms terms =
      terms_of(head.logits(before.index_select(0, places)), next.index_select(0, places), options);
  if (!terms.smooth.defined()) return terms.of_target.mean();
  return ((1.0 - options.label_smoothing) * terms.of_target +
          options.label_smoothing * terms.smooth)
      .mean();
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
