#include "eval/search_scores.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

namespace blip::eval {
namespace {

double discounted_gain(std::span<const double> grades) {
  double gain = 0;
  for (std::size_t i = 0; i < std::min(grades.size(), kSearchDepth); ++i) {
    gain += (std::exp2(grades[i]) - 1) / std::log2(2 + static_cast<double>(i));
  }
  return gain;
}

}  // namespace

void SearchScores::add(std::span<const double> found, std::span<const double> wanted) {
  ++queries_;
  for (std::size_t cut = 0; cut < kSearchCuts.size(); ++cut) {
    const auto first = found.first(std::min(found.size(), kSearchCuts[cut]));
    hits_[cut] += std::ranges::any_of(first, [](double grade) { return grade > 0; }) ? 1 : 0;
  }
  std::vector<double> best(wanted.begin(), wanted.end());
  std::ranges::sort(best, std::greater<>());
  const double most = discounted_gain(best);
  if (most > 0) gain_ += discounted_gain(found) / most;
}

double SearchScores::recall(std::size_t cut) const {
  return queries_ == 0 ? 0.0 : static_cast<double>(hits_[cut]) / static_cast<double>(queries_);
}

double SearchScores::ndcg() const {
  return queries_ == 0 ? 0.0 : gain_ / static_cast<double>(queries_);
}

}  // namespace blip::eval
