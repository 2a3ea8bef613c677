#include "eval/bleu.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>

namespace blip::eval {
namespace {

// pycocoevalcap's: they keep a precision of 0 and a text of no words from dividing by 0.
constexpr double kTiny = 1e-15;
constexpr double kSmall = 1e-9;

struct Sums {
  std::array<double, kMaxN> correct = {};  // n-grams that some reference has
  std::array<double, kMaxN> guessed = {};  // n-grams there are
  double length = 0;
  double reference_length = 0;

  void add(const Sums& other) {
    for (std::size_t n = 0; n < kMaxN; ++n) {
      correct[n] += other.correct[n];
      guessed[n] += other.guessed[n];
    }
    length += other.length;
    reference_length += other.reference_length;
  }
};

// How often each n-gram may count: as often as the reference that has it most.
std::map<Ngram, int> most_of(const std::vector<CaptionNgrams>& references, std::size_t n) {
  std::map<Ngram, int> most;
  for (const CaptionNgrams& reference : references) {
    for (const NgramCount& entry : reference.counts[n]) {
      int& count = most[entry.ngram];
      count = std::max(count, entry.count);
    }
  }
  return most;
}

// Of the reference that is nearest in length; of two as near, the shorter.
std::size_t closest_length(const std::vector<CaptionNgrams>& references, std::size_t length) {
  const auto distance = [length](std::size_t other) {
    return other > length ? other - length : length - other;
  };
  std::size_t closest = references.front().num_words;
  for (const CaptionNgrams& reference : references) {
    const std::size_t other = reference.num_words;
    if (distance(other) < distance(closest) ||
        (distance(other) == distance(closest) && other < closest)) {
      closest = other;
    }
  }
  return closest;
}

Sums compare(const CaptionNgrams& caption, const std::vector<CaptionNgrams>& references) {
  Sums sums;
  sums.length = static_cast<double>(caption.num_words);
  sums.reference_length = static_cast<double>(closest_length(references, caption.num_words));
  for (std::size_t n = 0; n < kMaxN; ++n) {
    if (caption.num_words > n) sums.guessed[n] = static_cast<double>(caption.num_words - n);
    const std::map<Ngram, int> most = most_of(references, n);
    for (const NgramCount& entry : caption.counts[n]) {
      const auto found = most.find(entry.ngram);
      if (found != most.end()) sums.correct[n] += std::min(entry.count, found->second);
    }
  }
  return sums;
}

BleuScores scores_of(const Sums& sums) {
  const double ratio = (sums.length + kTiny) / (sums.reference_length + kSmall);
  const double brevity = ratio < 1 ? std::exp(1 - 1 / ratio) : 1;
  BleuScores scores = {};
  double product = 1;
  for (std::size_t n = 0; n < kMaxN; ++n) {
    product *= (sums.correct[n] + kTiny) / (sums.guessed[n] + kSmall);
    scores[n] = std::pow(product, 1.0 / static_cast<double>(n + 1)) * brevity;
  }
  return scores;
}

}  // namespace

Bleu bleu(const CaptionSet& set) {
  check(set);
  NgramCounter counter;
  Bleu result;
  Sums all;
  for (std::size_t i = 0; i < set.captions.size(); ++i) {
    std::vector<CaptionNgrams> references;
    for (const std::string& text : set.references[i]) references.push_back(counter.count(text));
    const Sums sums = compare(counter.count(set.captions[i]), references);
    all.add(sums);
    result.images.push_back(scores_of(sums));
  }
  result.corpus = scores_of(all);
  return result;
}

}  // namespace blip::eval
