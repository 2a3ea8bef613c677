#include "generate/greedy_search.hpp"

#include <utility>

#include "generate/largest_logit.hpp"
#include "generate/log_softmax.hpp"
#include "generate/logits_processors.hpp"

namespace blip {
namespace {

float log_probability_of(std::span<const float> scores, TokenId token) {
  const LogNormalizer normalizer = masked_log_normalizer(scores);
  return scores[static_cast<std::size_t>(token)] - normalizer.maximum - normalizer.log_sum;
}

}  // namespace

SampledToken TokenChooser::choose(std::span<const float> logits, std::span<const TokenId> ids,
                                  std::uint32_t sequence, const GenerationSettings& settings,
                                  const SequenceLimits& limits) {
  // Before the processors, which ban tokens with -inf.
  require_finite(logits);
  std::span<const float> scores = logits;
  if (processes_logits(settings, limits)) {
    scores_.assign(logits.begin(), logits.end());
    process_logits(scores_, ids, settings, limits, order_);
    scores = scores_;
  }
  SampledToken chosen;
  if (settings.do_sample) {
    const auto step = ids.size() - static_cast<std::size_t>(limits.prompt_length);
    const RandomStream random{settings.seed, settings.image_offset, sequence,
                              static_cast<std::uint32_t>(step)};
    chosen = sampler_.draw(scores, random.uniform());
    if (!settings.output_scores) chosen.log_probability = 0.0F;
    return chosen;
  }
  chosen.token = first_maximum(scores);
  if (settings.output_scores) chosen.log_probability = log_probability_of(scores, chosen.token);
  return chosen;
}

GreedySearch::GreedySearch(const GenerationSettings& settings, const std::vector<TokenId>& prompt)
    : settings_(settings), limits_(limits_for(settings, static_cast<int>(prompt.size()))) {
  const auto count = static_cast<std::size_t>(settings.num_return_sequences);
  sequences_.resize(count, {prompt, 0.0F});
  for (std::size_t index = 0; index < count; ++index) active_.push_back({index, 0});
}

void GreedySearch::append_rows(int image, std::vector<DecodeRow>& rows) const {
  if (first_row_ < 0) {
    rows.push_back({image, -1, sequences_.front().ids});
    return;
  }
  for (const ActiveSequence& active : active_) {
    rows.push_back({image, first_row_ + active.row,
                    std::span<const TokenId>(sequences_[active.index].ids).last(1)});
  }
}

void GreedySearch::advance(std::span<const float> logits, int first_row, TokenChooser& chooser,
                           std::vector<GeneratedToken>& decided) {
  const auto vocab_size = static_cast<std::size_t>(settings_.vocab_size);
  const bool shares_a_row = first_row_ < 0;
  first_row_ = first_row;
  for (std::size_t i = 0; i < active_.size(); ++i) {
    ActiveSequence& active = active_[i];
    active.row = shares_a_row ? 0 : static_cast<int>(i);
    const auto row = logits.subspan(static_cast<std::size_t>(active.row) * vocab_size, vocab_size);
    GeneratedSequence& sequence = sequences_[active.index];
    const SampledToken chosen = chooser.choose(
        row, sequence.ids, static_cast<std::uint32_t>(active.index), settings_, limits_);
    sequence.ids.push_back(chosen.token);
    if (settings_.output_scores) {
      sequence.score += chosen.log_probability;
      sequence.transition_scores.push_back(chosen.log_probability);
    }
    decided.push_back({.sequence = active.index, .token = chosen.token});
  }
  std::erase_if(active_, [&](const ActiveSequence& active) {
    const auto& ids = sequences_[active.index].ids;
    return ids.back() == settings_.stop_token_id ||
           std::cmp_greater_equal(ids.size(), limits_.max_length);
  });
}

}  // namespace blip
