// The warpers: transformers' rules that reshape the distribution a token is sampled from, in place.
// scores: [vocab_size]; what a warper removes becomes -inf.
#pragma once

#include <span>
#include <vector>

#include "blip/tokenizer.hpp"

namespace blip {

/// scores ÷ temperature.
void warp_temperature(std::span<float> scores, double temperature);

/// Keeps the scores that are at least the k-th largest one, k being max(top_k, min_tokens_to_keep).
/// More than k survive when several equal the k-th.
void warp_top_k(std::span<float> scores, int top_k, int min_tokens_to_keep);

/// Keeps the most probable tokens, in order, until their probabilities reach top_p; at least
/// min_tokens_to_keep. Among equal scores at the edge, lower ids stay (transformers leaves the
/// choice to its sort). `order` is working memory, kept by the caller so that it is allocated once.
void warp_top_p(std::span<float> scores, double top_p, int min_tokens_to_keep,
                std::vector<TokenId>& order);

}  // namespace blip
