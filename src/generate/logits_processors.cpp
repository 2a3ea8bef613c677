#include "generate/logits_processors.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>

#include "generate/sampling_warpers.hpp"

namespace blip {
namespace {

constexpr float kBanned = -std::numeric_limits<float>::infinity();

bool in_vocabulary(TokenId id, std::span<const float> scores) {
  return id >= 0 && static_cast<std::size_t>(id) < scores.size();
}

}  // namespace

void apply_repetition_penalty(std::span<float> scores, std::span<const TokenId> ids,
                              double penalty) {
  const auto factor = static_cast<float>(penalty);
  for (auto id = ids.begin(); id != ids.end(); ++id) {
    if (!in_vocabulary(*id, scores)) continue;
    // Sequences are short: looking back is cheaper than a set, and allocates nothing.
    if (std::find(ids.begin(), id, *id) != id) continue;
    float& score = scores[static_cast<std::size_t>(*id)];
    score = score < 0.0F ? score * factor : score / factor;
  }
}

void ban_repeated_ngrams(std::span<float> scores, std::span<const TokenId> ids, int ngram_size) {
  const auto size = static_cast<std::size_t>(ngram_size);
  if (ids.size() < size) return;
  const auto suffix = ids.last(size - 1);
  for (std::size_t start = 0; start + size <= ids.size(); ++start) {
    const auto ngram = ids.subspan(start, size);
    if (!std::equal(suffix.begin(), suffix.end(), ngram.begin())) continue;
    if (in_vocabulary(ngram.back(), scores)) {
      scores[static_cast<std::size_t>(ngram.back())] = kBanned;
    }
  }
}

void ban_early_stop(std::span<float> scores, std::span<const TokenId> ids, int min_length,
                    TokenId stop_token_id) {
  if (std::cmp_less(ids.size(), min_length) && in_vocabulary(stop_token_id, scores)) {
    scores[static_cast<std::size_t>(stop_token_id)] = kBanned;
  }
}

void process_logits(std::span<float> scores, std::span<const TokenId> ids,
                    const GenerationSettings& settings, const SequenceLimits& limits,
                    std::vector<TokenId>& order) {
  if (settings.repetition_penalty != 1.0) {
    apply_repetition_penalty(scores, ids, settings.repetition_penalty);
  }
  if (settings.no_repeat_ngram_size > 0) {
    ban_repeated_ngrams(scores, ids, settings.no_repeat_ngram_size);
  }
  if (settings.bad_words) settings.bad_words->ban(scores, ids);
  ban_early_stop(scores, ids, limits.min_length, settings.stop_token_id);
  if (!settings.do_sample) return;

  // Beam search needs a token to go on with when the stop token is the best one.
  const int keep = settings.num_beams > 1 ? 2 : 1;
  if (settings.temperature != 1.0) warp_temperature(scores, settings.temperature);
  if (settings.top_k != 0) warp_top_k(scores, settings.top_k, keep);
  if (settings.top_p < 1.0) warp_top_p(scores, settings.top_p, keep, order);
}

bool processes_logits(const GenerationSettings& settings, const SequenceLimits& limits) {
  return settings.repetition_penalty != 1.0 || settings.no_repeat_ngram_size > 0 ||
         settings.bad_words || limits.min_length > limits.prompt_length || settings.do_sample;
}

}  // namespace blip
