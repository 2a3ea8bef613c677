#include "generate/token_sampler.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "blip/error.hpp"
#include "generate/largest_logit.hpp"

namespace blip {
namespace {

constexpr float kExcluded = -std::numeric_limits<float>::infinity();
constexpr double kDrawn = -1.0;  // the weight of what has been drawn

}  // namespace

SampledToken TokenSampler::draw(std::span<const float> scores, double uniform) {
  possible_.clear();
  float maximum = kExcluded;
  for (std::size_t id = 0; id < scores.size(); ++id) {
    if (scores[id] == kExcluded) continue;
    possible_.push_back({static_cast<TokenId>(id), scores[id], 0.0});
    maximum = std::max(maximum, scores[id]);
  }
  if (possible_.empty()) {
    throw Error(ErrorCode::invalid_argument,
                "no_repeat_ngram_size and bad_words_ids leave no token to sample");
  }
  if (maximum == -kExcluded) {
    throw Error(ErrorCode::invalid_argument, "temperature is so small that the scores overflow");
  }
  double total = 0.0;
  for (auto& candidate : possible_) {
    candidate.weight = std::exp(static_cast<double>(candidate.score) - maximum);
    total += candidate.weight;
  }
  if (std::isnan(total)) {
    throw damaged_logits();
  }

  // Rounding may leave the target just above the last sum; the last possible token is meant then.
  const double target = uniform * total;
  double cumulated = 0.0;
  const Possible* drawn = nullptr;
  for (const auto& candidate : possible_) {
    if (candidate.weight == 0.0) continue;
    cumulated += candidate.weight;
    drawn = &candidate;
    if (cumulated > target) break;
  }
  const double log_probability = static_cast<double>(drawn->score) - maximum - std::log(total);
  return {drawn->token, static_cast<float>(log_probability)};
}

WeightedDraw::WeightedDraw(std::span<double> weights) : weights_(weights) {}

std::size_t WeightedDraw::next(double uniform) {
  double total = 0.0;
  for (const double weight : weights_) total += std::max(weight, 0.0);

  const double target = uniform * total;
  double cumulated = 0.0;
  std::size_t drawn = weights_.size();
  for (std::size_t index = 0; index < weights_.size(); ++index) {
    if (!(weights_[index] > 0.0)) continue;
    cumulated += weights_[index];
    drawn = index;
    if (cumulated > target) break;
  }
  if (drawn == weights_.size()) {
    drawn = 0;
    while (weights_[drawn] == kDrawn) ++drawn;
  }
  weights_[drawn] = kDrawn;
  return drawn;
}

}  // namespace blip
