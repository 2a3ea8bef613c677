// Self-critical training (Rennie et al. 2017): captions that the model draws become more or less
// likely by how much better than usual they are.
#pragma once

#include <torch/torch.h>

#include "train/model/text_transformer.hpp"

namespace blip::train {

/// rewards: [B, S], of S captions of each picture. What each is better than the picture's greedy
/// caption, greedy: [B] (Rennie et al.) → [B, S]
torch::Tensor advantage_over_greedy(const torch::Tensor& rewards, const torch::Tensor& greedy);

/// The same, compared with the mean of the picture's other captions (Luo 2020); S ≥ 2.
torch::Tensor advantage_over_others(const torch::Tensor& rewards);

/// logits: [A, T, V] of the captions, which have gradients; captions: [A, T], drawn from them, with
/// `given_tokens` of [DEC] and the prompt; advantages: [A] → minus the mean over drawn tokens of
/// advantage · log p(token): scalar, whose gradient is that of minus the expected reward but for a
/// factor.
torch::Tensor self_critical_loss(const torch::Tensor& logits, const TextBatch& captions,
                                 std::int64_t given_tokens, const torch::Tensor& advantages);

}  // namespace blip::train
