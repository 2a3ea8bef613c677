#include "eval/cider.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>

#include "blip/error.hpp"

namespace blip::eval {
namespace {

constexpr double kSigma = 6;   // of the penalty of lengths that differ
constexpr double kScale = 10;  // of the published scores

// In how many images some reference has the n-gram.
using ImageCounts = std::map<Ngram, int>;

struct WeightedNgram {
  Ngram ngram;
  double weight;
};

// tf-idf of one caption's n-grams, in order.
struct Vector {
  std::array<std::vector<WeightedNgram>, kMaxN> weights;
  std::array<double, kMaxN> norms = {};
  double num_bigrams = 0;  // what pycocoevalcap takes for the length
};

Vector vector_of(const CaptionNgrams& caption, const ImageCounts& image_counts, double log_images) {
  Vector vector;
  vector.num_bigrams = caption.num_words > 1 ? static_cast<double>(caption.num_words - 1) : 0.0;
  for (std::size_t n = 0; n < kMaxN; ++n) {
    double squares = 0;
    for (const NgramCount& entry : caption.counts[n]) {
      const auto found = image_counts.find(entry.ngram);
      const double images = found == image_counts.end() ? 1.0 : found->second;
      const double weight = entry.count * (log_images - std::log(images));
      vector.weights[n].push_back({.ngram = entry.ngram, .weight = weight});
      squares += weight * weight;
    }
    vector.norms[n] = std::sqrt(squares);
  }
  return vector;
}

// Over the n-grams that both have; both are in order.
double clipped_product(const std::vector<WeightedNgram>& caption,
                       const std::vector<WeightedNgram>& reference) {
  double product = 0;
  auto ours = caption.begin();
  auto theirs = reference.begin();
  while (ours != caption.end() && theirs != reference.end()) {
    if (ours->ngram < theirs->ngram) {
      ++ours;
    } else if (theirs->ngram < ours->ngram) {
      ++theirs;
    } else {
      product += std::min(ours->weight, theirs->weight) * theirs->weight;
      ++ours;
      ++theirs;
    }
  }
  return product;
}

// Summed over n.
double similarity(const Vector& caption, const Vector& reference) {
  const double difference = caption.num_bigrams - reference.num_bigrams;
  const double penalty = std::exp(-(difference * difference) / (2 * kSigma * kSigma));
  double sum = 0;
  for (std::size_t n = 0; n < kMaxN; ++n) {
    const double norms = caption.norms[n] * reference.norms[n];
    if (norms == 0) continue;
    sum += clipped_product(caption.weights[n], reference.weights[n]) / norms * penalty;
  }
  return sum;
}

void count_image(const std::vector<CaptionNgrams>& references, ImageCounts& image_counts) {
  std::set<Ngram> present;
  for (const CaptionNgrams& reference : references) {
    for (const NgramCounts& counts : reference.counts) {
      for (const NgramCount& entry : counts) present.insert(entry.ngram);
    }
  }
  for (const Ngram& ngram : present) ++image_counts[ngram];
}

}  // namespace

CiderScorer::CiderScorer(const std::vector<std::vector<std::string>>& references)
    : log_images_(std::log(static_cast<double>(references.size()))) {
  for (const auto& texts : references) {
    auto& mine = references_.emplace_back();
    for (const std::string& text : texts) mine.push_back(counter_.count(text));
    count_image(mine, image_counts_);
  }
}

std::vector<double> CiderScorer::scores(std::size_t image, std::span<const std::string> captions) {
  if (image >= references_.size() || references_[image].empty()) {
    throw Error(ErrorCode::invalid_argument,
                "image " + std::to_string(image) + " has no references to compare captions with");
  }
  std::vector<Vector> references;
  for (const CaptionNgrams& reference : references_[image]) {
    references.push_back(vector_of(reference, image_counts_, log_images_));
  }
  std::vector<double> scores;
  for (const std::string& text : captions) {
    const Vector caption = vector_of(counter_.count(text), image_counts_, log_images_);
    double sum = 0;
    for (const Vector& reference : references) sum += similarity(caption, reference);
    scores.push_back(kScale * sum / static_cast<double>(kMaxN) /
                     static_cast<double>(references.size()));
  }
  return scores;
}

Cider cider(const CaptionSet& set) {
  check(set);
  CiderScorer scorer(set.references);
  Cider result;
  for (std::size_t i = 0; i < set.captions.size(); ++i) {
    result.images.push_back(scorer.scores(i, std::span(&set.captions[i], 1)).front());
  }
  if (!result.images.empty()) {
    result.mean = std::accumulate(result.images.begin(), result.images.end(), 0.0) /
                  static_cast<double>(result.images.size());
  }
  return result;
}

}  // namespace blip::eval
