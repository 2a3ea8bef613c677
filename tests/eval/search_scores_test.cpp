#include "eval/search_scores.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace blip::eval {
namespace {

TEST(SearchScores, JudgesOneList) {
  SearchScores scores;
  const std::vector<double> found = {0, 2, 0, 0, 0, 1};
  const std::vector<double> wanted = {1, 2, 1};
  scores.add(found, wanted);
  EXPECT_EQ(scores.queries(), 1U);
  EXPECT_EQ(scores.recall(0), 0);
  EXPECT_EQ(scores.recall(1), 1);
  EXPECT_EQ(scores.recall(2), 1);
  const double gain = 3 / std::log2(3.0) + 1 / std::log2(7.0);
  const double best = 3 + 1 / std::log2(3.0) + 1 / std::log2(4.0);
  EXPECT_DOUBLE_EQ(scores.ndcg(), gain / best);
}

TEST(SearchScores, AreMeansOverQueries) {
  SearchScores scores;
  scores.add(std::vector<double>{1}, std::vector<double>{1});
  scores.add({}, std::vector<double>{1});
  EXPECT_EQ(scores.recall(0), 0.5);
  EXPECT_EQ(scores.ndcg(), 0.5);
  EXPECT_EQ(SearchScores().ndcg(), 0);
}

TEST(SearchScores, LooksAtTenPlaces) {
  SearchScores scores;
  std::vector<double> found(11, 0.0);
  found[10] = 1;
  scores.add(found, std::vector<double>{1});
  EXPECT_EQ(scores.recall(2), 0);
  EXPECT_EQ(scores.ndcg(), 0);
  // More that fits than has room: the best list is one of ten.
  scores = SearchScores();
  scores.add(std::vector<double>(10, 1.0), std::vector<double>(20, 1.0));
  EXPECT_DOUBLE_EQ(scores.ndcg(), 1);
}

}  // namespace
}  // namespace blip::eval
