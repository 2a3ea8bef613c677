#include "tasks/answer_ranking.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "blip/error.hpp"
#include "generate/largest_logit.hpp"
#include "generate/log_softmax.hpp"

namespace blip {
namespace {

// The label smoothing BLIP was trained with, which is part of its score.
constexpr double kLabelSmoothing = 0.1;
// Logits of 256 tokens over BERT's vocabulary take 31 MB.
constexpr std::size_t kTokensAtOnce = 256;

// Minus torch's cross_entropy(logits, target, label_smoothing=0.1): logits [V]
double smoothed_log_likelihood(std::span<const float> logits, TokenId target) {
  const LogNormalizer normalizer = log_normalizer(logits);
  if (std::isnan(normalizer.maximum)) throw damaged_logits();
  const double log_sum =
      static_cast<double>(normalizer.maximum) + static_cast<double>(normalizer.log_sum);
  const double mean =
      std::accumulate(logits.begin(), logits.end(), 0.0) / static_cast<double>(logits.size());
  const double of_target = static_cast<double>(logits[static_cast<std::size_t>(target)]) - log_sum;
  return (1 - kLabelSmoothing) * of_target + kLabelSmoothing * (mean - log_sum);
}

}  // namespace

AnswerList::AnswerList(std::span<const std::vector<TokenId>> answers, int k,
                       const BlipTextConfig& config)
    : answers_(answers.begin(), answers.end()),
      k_(std::min(static_cast<std::size_t>(std::max(k, 0)), answers.size())) {
  if (k < 1) throw Error(ErrorCode::invalid_argument, "k must be 1 or more");
  if (answers.empty()) throw Error(ErrorCode::invalid_argument, "the list of answers is empty");
  for (std::vector<TokenId>& answer : answers_) {
    if (answer.size() < 2) {
      throw Error(ErrorCode::invalid_argument, "an answer needs at least [CLS] and [SEP]");
    }
    for (const TokenId id : answer) {
      if (id >= 0 && id < config.vocab_size) continue;
      throw Error(ErrorCode::invalid_argument, "an answer has token id " + std::to_string(id) +
                                                   ", outside the model's vocabulary of " +
                                                   std::to_string(config.vocab_size));
    }
    answer.front() = config.bos_token_id;
  }
}

// The k answers whose first token has the highest of `logits` [V]; of equals the earlier.
std::vector<std::size_t> AnswerList::likeliest_starts(std::span<const float> logits) const {
  std::vector<std::size_t> order(answers_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto first = [&](std::size_t answer) {
    return logits[static_cast<std::size_t>(answers_[answer][1])];
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return first(a) > first(b); });
  order.resize(k_);
  return order;
}

std::vector<RankedAnswer> AnswerList::rank(TextDecoder& decoder) const {
  // [DEC], which all answers start with, is fed once.
  const DecodeRow start{.image = 0, .parent = -1, .tokens = std::span(answers_.front()).first(1)};
  const std::span<const float> fed = decoder.step(std::span(&start, 1));
  const std::vector<float> first_logits(fed.begin(), fed.end());
  require_finite(first_logits);
  const std::size_t vocabulary = first_logits.size();

  std::vector<RankedAnswer> ranked;
  const std::vector<std::size_t> candidates = likeliest_starts(first_logits);
  std::size_t done = 0;
  while (done < candidates.size()) {
    // Row 0 carries [DEC] on to the next round; it has no token of its own.
    std::vector<DecodeRow> rows = {{.image = 0, .parent = 0, .tokens = {}}};
    std::size_t tokens = 0;
    std::size_t last = done;
    for (; last < candidates.size(); ++last) {
      // Neither [DEC] nor [SEP], after which nothing is predicted.
      const std::span<const TokenId> words = answers_[candidates[last]];
      const auto inner = words.subspan(1, words.size() - 2);
      if (last > done && tokens + inner.size() > kTokensAtOnce) break;
      rows.push_back({.image = 0, .parent = 0, .tokens = inner});
      tokens += inner.size();
    }
    std::span<const float> logits;
    if (tokens > 0) logits = decoder.step_all_logits(rows);
    for (; done < last; ++done) {
      const std::vector<TokenId>& answer = answers_[candidates[done]];
      double score = smoothed_log_likelihood(first_logits, answer[1]);
      for (std::size_t i = 2; i < answer.size(); ++i) {
        score += smoothed_log_likelihood(logits.first(vocabulary), answer[i]);
        logits = logits.subspan(vocabulary);
      }
      ranked.push_back({candidates[done], static_cast<float>(score)});
    }
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const RankedAnswer& a, const RankedAnswer& b) { return a.score > b.score; });
  return ranked;
}

}  // namespace blip
