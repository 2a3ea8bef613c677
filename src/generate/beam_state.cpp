#include "generate/beam_state.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace blip {
namespace {

// transformers' stand-in for "impossible". It is not -inf, and in float32 a log-probability added
// to it vanishes; both can show in the result of degenerate searches, so it is kept as it is.
constexpr float kImpossible = -1.0e9F;

// The first `count` of `order` become the indices of the largest scores, largest first, the lower
// index first among equal ones.
void order_by_score(std::span<const float> scores, std::size_t count,
                    std::vector<std::size_t>& order) {
  order.resize(scores.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    [&](std::size_t a, std::size_t b) {
                      return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
                    });
}

}  // namespace

BeamState::BeamState(const GenerationSettings& settings, const std::vector<TokenId>& prompt)
    : settings_(&settings),
      limits_(limits_for(settings, static_cast<int>(prompt.size()))),
      running_(at(settings.num_beams)),
      finished_(running_.size()),
      next_running_(running_.size()),
      next_finished_(running_.size()) {
  for (auto& beam : running_) beam.ids = prompt;
  for (auto& beam : finished_) {
    beam.ids = prompt;
    beam.score = kImpossible;
  }
  // All beams begin alike: only the first may be continued, or they would stay alike.
  for (std::size_t beam = 1; beam < running_.size(); ++beam) running_[beam].score = kImpossible;
}

bool BeamState::stops(const BeamCandidate& candidate) const {
  const auto length = running_.front().ids.size() + 1;
  return candidate.token == settings_->stop_token_id ||
         std::cmp_greater_equal(length, limits_.max_length);
}

float BeamState::length_factor(int generated_tokens) const {
  return static_cast<float>(
      std::pow(static_cast<double>(generated_tokens), settings_->length_penalty));
}

bool BeamState::all_filled() const {
  return std::all_of(finished_.begin(), finished_.end(),
                     [](const FinishedBeam& beam) { return beam.is_filled; });
}

void BeamState::advance(std::span<const BeamCandidate> candidates) {
  const bool none_goes_on = std::all_of(candidates.begin(), candidates.end(),
                                        [&](const auto& candidate) { return stops(candidate); });
  keep_finished(candidates);
  keep_running(candidates);
  is_finished_ = none_goes_on || !may_improve() ||
                 (settings_->early_stopping == EarlyStopping::when_full && all_filled());
}

template <typename Beam>
void BeamState::continue_into(Beam& next, const BeamCandidate& candidate) const {
  const RunningBeam& beam = running_[at(candidate.beam)];
  next.ids = beam.ids;
  next.ids.push_back(candidate.token);
  if (!settings_->output_scores) return;
  next.transition_scores = beam.transition_scores;
  next.transition_scores.push_back(candidate.log_probability);
}

// `_update_finished_beams`. It never runs when early stopping or the heuristic have closed the
// search: the search is finished then.
void BeamState::keep_finished(std::span<const BeamCandidate> candidates) {
  const std::size_t count = finished_.size();
  const float factor = length_factor(generated_tokens() + 1);
  // Only the num_beams best may finish; the others are there to go on.
  const auto finishes = [&](std::size_t rank) { return rank < count && stops(candidates[rank]); };

  scores_.clear();
  for (const auto& beam : finished_) scores_.push_back(beam.score);
  for (std::size_t rank = 0; rank < candidates.size(); ++rank) {
    const float score = candidates[rank].score / factor;
    scores_.push_back(finishes(rank) ? score : score + kImpossible);
  }
  order_by_score(scores_, count, order_);
  for (std::size_t slot = 0; slot < count; ++slot) {
    const std::size_t chosen = order_[slot];
    FinishedBeam& next = next_finished_[slot];
    if (chosen < count) {
      std::swap(next, finished_[chosen]);
    } else {
      next.score = scores_[chosen];
      next.is_filled = finishes(chosen - count);
      continue_into(next, candidates[chosen - count]);
    }
  }
  std::swap(finished_, next_finished_);
}

// `_get_running_beams_for_next_iteration`
void BeamState::keep_running(std::span<const BeamCandidate> candidates) {
  scores_.clear();
  for (const auto& candidate : candidates) {
    scores_.push_back(stops(candidate) ? candidate.score + kImpossible : candidate.score);
  }
  order_by_score(scores_, running_.size(), order_);
  for (std::size_t beam = 0; beam < running_.size(); ++beam) {
    const BeamCandidate& candidate = candidates[order_[beam]];
    RunningBeam& next = next_running_[beam];
    next.score = scores_[order_[beam]];
    next.source = candidate.beam;
    continue_into(next, candidate);
  }
  std::swap(running_, next_running_);
}

// `_check_early_stop_heuristic`, after the step
bool BeamState::may_improve() const {
  const bool looks_ahead =
      settings_->early_stopping == EarlyStopping::never && settings_->length_penalty > 0.0;
  const int length = looks_ahead ? limits_.max_length - limits_.prompt_length : generated_tokens();
  const float best_running = running_.front().score / length_factor(length);
  const float worst_finished = finished_.back().score;
  return std::any_of(finished_.begin(), finished_.end(), [&](const FinishedBeam& beam) {
    return best_running > (beam.is_filled ? worst_finished : kImpossible);
  });
}

std::vector<GeneratedSequence> BeamState::take_results() {
  std::vector<GeneratedSequence> results;
  for (int index = 0; index < settings_->num_return_sequences; ++index) {
    FinishedBeam& beam = finished_[at(index)];
    results.push_back({std::move(beam.ids), beam.score, std::move(beam.transition_scores)});
  }
  return results;
}

}  // namespace blip
