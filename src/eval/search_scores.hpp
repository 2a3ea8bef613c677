// SearchScores: how good ranked lists are, by what should be found.
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace blip::eval {

/// How deep a list is judged.
inline constexpr std::size_t kSearchDepth = 10;
inline constexpr std::array<std::size_t, 3> kSearchCuts = {1, 5, 10};

/// Grades beyond this are no grades.
inline constexpr double kMaxGrade = 100;

/// Means over queries.
class SearchScores {
 public:
  /// found: the grades of what was found, the best place first, 0 for what should not be there.
  /// wanted: the grades of all that should be found, in any order, each above 0.
  void add(std::span<const double> found, std::span<const double> wanted);

  [[nodiscard]] std::size_t queries() const noexcept { return queries_; }
  /// The part of the queries that have something wanted among the first kSearchCuts[cut].
  [[nodiscard]] double recall(std::size_t cut) const;
  /// Normalised discounted cumulative gain of the first ten: a grade g gains 2^g - 1, divided by
  /// log2(1 + place); of the best list that there could be, it is 1 (Burges et al., 2005).
  [[nodiscard]] double ndcg() const;

 private:
  std::size_t queries_ = 0;
  std::array<std::size_t, kSearchCuts.size()> hits_{};
  double gain_ = 0;
};

}  // namespace blip::eval
