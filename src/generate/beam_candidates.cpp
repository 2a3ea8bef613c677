#include "generate/beam_candidates.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "generate/token_sampler.hpp"

namespace blip {

bool is_better(const BeamCandidate& a, const BeamCandidate& b) {
  if (a.score != b.score) return a.score > b.score;
  return a.beam != b.beam ? a.beam < b.beam : a.token < b.token;
}

void BestCandidates::offer(std::span<const float> log_probs, float running_score, int beam,
                           float log_sum) {
  std::size_t token = 0;
  for (; heap_.size() < count_ && token < log_probs.size(); ++token) {
    heap_.push_back({log_probs[token] + running_score, beam, static_cast<TokenId>(token),
                     log_probs[token] - log_sum});
    std::push_heap(heap_.begin(), heap_.end(), is_better);
  }
  if (heap_.size() < count_) return;

  // What comes later and is equal is worse, so only a strictly better score gets in.
  float threshold = heap_.front().score;
  if (running_score <= threshold) return;
  for (; token < log_probs.size(); ++token) {
    const float score = log_probs[token] + running_score;
    if (!(score > threshold)) continue;
    std::pop_heap(heap_.begin(), heap_.end(), is_better);
    heap_.back() = {score, beam, static_cast<TokenId>(token), log_probs[token] - log_sum};
    std::push_heap(heap_.begin(), heap_.end(), is_better);
    threshold = heap_.front().score;
  }
}

std::span<const BeamCandidate> BestCandidates::sorted() {
  std::sort(heap_.begin(), heap_.end(), is_better);
  return heap_;
}

void SampledCandidates::restart(std::size_t count) {
  count_ = count;
  possible_.clear();
  impossible_.clear();
}

void SampledCandidates::offer(std::span<const float> log_probs, float running_score, int beam,
                              float log_sum) {
  for (std::size_t token = 0; token < log_probs.size(); ++token) {
    const BeamCandidate candidate{log_probs[token] + running_score, beam,
                                  static_cast<TokenId>(token), log_probs[token] - log_sum};
    if (candidate.score > -std::numeric_limits<float>::infinity()) {
      possible_.push_back(candidate);
    } else if (impossible_.size() < count_) {
      impossible_.push_back(candidate);
    }
  }
}

std::span<const BeamCandidate> SampledCandidates::drawn(const RandomStream& random) {
  const std::size_t missing = count_ - std::min(count_, possible_.size());
  possible_.insert(possible_.end(), impossible_.begin(),
                   impossible_.begin() + static_cast<std::ptrdiff_t>(missing));

  float maximum = -std::numeric_limits<float>::infinity();
  for (const auto& candidate : possible_) maximum = std::max(maximum, candidate.score);
  weights_.clear();
  for (const auto& candidate : possible_) {
    const double weight = std::exp(static_cast<double>(candidate.score) - maximum);
    weights_.push_back(std::isnan(weight) ? 0.0 : weight);  // -inf - -inf: nothing is possible
  }
  WeightedDraw draw(weights_);
  drawn_.clear();
  for (std::size_t index = 0; index < count_; ++index) {
    drawn_.push_back(possible_[draw.next(random.uniform(static_cast<std::uint32_t>(index)))]);
  }
  std::sort(drawn_.begin(), drawn_.end(), is_better);
  return drawn_;
}

}  // namespace blip
