// Language modelling (LM): the next token of a text, with label smoothing.
#pragma once

#include <torch/torch.h>

#include <cstdint>

#include "train/model/text_transformer.hpp"

namespace blip::train {

/// The target of positions without a loss: padding, the prompt.
inline constexpr std::int64_t kIgnored = -100;

/// Which positions the smoothing term looks at.
enum class Smoothing {
  of_targets,  ///< those with a target, as PyTorch has it since 1.11
  /// All, padding too: PyTorch 1.10, by which the published models were probably trained
  /// (pytorch/pytorch#73205).
  of_all_positions,
};

struct LanguageModelOptions {
  double label_smoothing = 0.1;
  Smoothing smoothing = Smoothing::of_targets;
};

/// ids: texts with [DEC] first → [B, T]: the ids, kIgnored where there is padding and in the first
/// `prompt_tokens` columns
torch::Tensor language_model_targets(const TextBatch& texts, std::int64_t prompt_tokens = 0);

/// How many of these have a loss.
std::int64_t count_targets(const torch::Tensor& targets);

/// Every position's smoothed cross-entropy with the token after it, 0 where that is ignored (of
/// which Smoothing::of_all_positions keeps the smoothing term). logits: [B, T, V], targets: [B, T]
/// → [B, T - 1]
torch::Tensor token_losses(const torch::Tensor& logits, const torch::Tensor& targets,
                           const LanguageModelOptions& options);

/// The mean of the losses of a decoder's texts: what language_model_loss gives for its logits, but
/// states and logits are computed where they count alone. `states`: of CrossStates; texts: [B, T],
/// [DEC] first; the first `prompt_tokens` have no loss → scalar
torch::Tensor decoded_loss(const TextTransformer& decoder, const LanguageModelHead& head,
                           const TextBatch& texts, const CrossStates& states,
                           std::int64_t prompt_tokens, const LanguageModelOptions& options);

/// Their mean, as torch's cross_entropy takes it: over the targets → scalar
torch::Tensor language_model_loss(const torch::Tensor& logits, const torch::Tensor& targets,
                                  const LanguageModelOptions& options);

}  // namespace blip::train
