// The logits processors: transformers' rules that change the scores of the next token, in place.
//
// scores: [vocab_size] of one sequence: raw logits in greedy search and sampling, log-probabilities
// in beam search. ids: the sequence so far, prompt included; ids outside the vocabulary are
// ignored.
#pragma once

#include <span>
#include <vector>

#include "blip/tokenizer.hpp"
#include "generate/settings.hpp"

namespace blip {

/// Every distinct token of `ids` once: negative scores × penalty, others ÷ penalty.
void apply_repetition_penalty(std::span<float> scores, std::span<const TokenId> ids,
                              double penalty);

/// Bans (-inf) each token that would complete an n-gram that `ids` already contains.
void ban_repeated_ngrams(std::span<float> scores, std::span<const TokenId> ids, int ngram_size);

/// Bans the stop token while the sequence is shorter than `min_length`. Covers min_new_tokens too,
/// which limits_for has turned into a total.
void ban_early_stop(std::span<float> scores, std::span<const TokenId> ids, int min_length,
                    TokenId stop_token_id);

/// Those that `settings` turn on, in transformers' order, the sampling warpers last. `order` is
/// working memory of the warpers.
void process_logits(std::span<float> scores, std::span<const TokenId> ids,
                    const GenerationSettings& settings, const SequenceLimits& limits,
                    std::vector<TokenId>& order);

/// False when process_logits would change nothing for any sequence of these settings and limits.
[[nodiscard]] bool processes_logits(const GenerationSettings& settings,
                                    const SequenceLimits& limits);

}  // namespace blip
