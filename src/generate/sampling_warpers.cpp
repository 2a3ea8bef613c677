#include "generate/sampling_warpers.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <vector>

namespace blip {
namespace {

constexpr float kRemoved = -std::numeric_limits<float>::infinity();

// Sorting this many costs less than looking for the edge among them. At least min_tokens_to_keep.
constexpr std::size_t kWorthSorting = 64;

void remove_below(std::span<float> scores, float threshold) {
  for (float& score : scores) {
    if (score < threshold) score = kRemoved;
  }
}

// The k-th largest of `scores`, 1 <= k <= scores.size(): a heap of the k best, smallest on top.
float kth_largest(std::span<const float> scores, std::size_t k) {
  std::vector<float> best(scores.begin(), scores.begin() + static_cast<std::ptrdiff_t>(k));
  std::make_heap(best.begin(), best.end(), std::greater<>());
  for (const float score : scores.subspan(k)) {
    if (!(score > best.front())) continue;
    std::pop_heap(best.begin(), best.end(), std::greater<>());
    best.back() = score;
    std::push_heap(best.begin(), best.end(), std::greater<>());
  }
  return best.front();
}

}  // namespace

void warp_temperature(std::span<float> scores, double temperature) {
  const auto divisor = static_cast<float>(temperature);
  for (float& score : scores) score /= divisor;
}

void warp_top_k(std::span<float> scores, int top_k, int min_tokens_to_keep) {
  const auto k = static_cast<std::size_t>(std::max(top_k, min_tokens_to_keep));
  if (k >= scores.size()) return;
  remove_below(scores, kth_largest(scores, k));
}

void warp_top_p(std::span<float> scores, double top_p, int min_tokens_to_keep,
                std::vector<TokenId>& order) {
  // transformers sorts everything upwards and removes while the cumulated probability is at most
  // 1 - top_p; a token goes, then, if those above it hold at least top_p. So only the top needs
  // sorting.
  const auto score_of = [&](TokenId id) { return scores[static_cast<std::size_t>(id)]; };
  order.clear();
  float maximum = kRemoved;
  for (std::size_t id = 0; id < scores.size(); ++id) {
    if (!(scores[id] > kRemoved)) continue;
    order.push_back(static_cast<TokenId>(id));
    maximum = std::max(maximum, scores[id]);
  }
  double total = 0.0;
  for (const TokenId id : order) total += std::exp(score_of(id) - maximum);

  const auto before = [&](TokenId a, TokenId b) {
    return score_of(a) != score_of(b) ? score_of(a) > score_of(b) : a < b;
  };
  const auto weight_of = [&](TokenId id) { return std::exp(score_of(id) - maximum); };

  // Halve the range [kept, end) that the edge of the nucleus lies in, until it is worth sorting.
  // `above` is the weight of what precedes the range: all of it stays.
  double above = 0.0;
  std::size_t kept = 0;
  std::size_t end = order.size();
  const auto at = [&](std::size_t rank) {
    return order.begin() + static_cast<std::ptrdiff_t>(rank);
  };
  while (end - kept > kWorthSorting) {
    const std::size_t middle = kept + (end - kept) / 2;
    std::nth_element(at(kept), at(middle), at(end), before);
    double upper_half = 0.0;
    for (std::size_t rank = kept; rank < middle; ++rank) upper_half += weight_of(order[rank]);
    if (above + upper_half < top_p * total) {
      above += upper_half;
      kept = middle;
    } else {
      end = middle;
    }
  }
  std::sort(at(kept), at(end), before);
  const auto must_keep = static_cast<std::size_t>(min_tokens_to_keep);
  while (kept < order.size() && (kept < must_keep || above < top_p * total)) {
    above += weight_of(order[kept]);
    ++kept;
  }
  for (std::size_t rank = kept; rank < order.size(); ++rank) {
    scores[static_cast<std::size_t>(order[rank])] = kRemoved;
  }
}

}  // namespace blip
