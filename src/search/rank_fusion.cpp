#include "search/rank_fusion.hpp"

#include <cstddef>

namespace blip::search {

std::unordered_map<std::int64_t, double> fused_ranks(
    const std::vector<std::vector<std::int64_t>>& rankings) {
  constexpr double kConstant = 60;
  std::unordered_map<std::int64_t, double> scores;
  for (const auto& ranking : rankings) {
    for (std::size_t i = 0; i < ranking.size(); ++i) {
      scores[ranking[i]] += 1 / (kConstant + 1 + static_cast<double>(i));
    }
  }
  return scores;
}

}  // namespace blip::search
