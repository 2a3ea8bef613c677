#include "search/rank_fusion.hpp"

#include <cstddef>

namespace blip::search {

std::unordered_map<std::int64_t, double> fused_ranks(
    const std::vector<std::vector<std::int64_t>>& rankings, const std::vector<double>& weights) {
  constexpr double kConstant = 60;
  std::unordered_map<std::int64_t, double> scores;
  for (std::size_t r = 0; r < rankings.size(); ++r) {
    const double weight = weights.empty() ? 1 : weights[r];
    for (std::size_t i = 0; i < rankings[r].size(); ++i) {
      scores[rankings[r][i]] += weight / (kConstant + 1 + static_cast<double>(i));
    }
  }
  return scores;
}

}  // namespace blip::search
