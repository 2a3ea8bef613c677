#include "search/rank_fusion.hpp"

#include <gtest/gtest.h>

namespace blip::search {
namespace {

TEST(RankFusion, SumsReciprocalRanks) {
  const auto scores = fused_ranks({{7, 8}, {8, 9}});
  ASSERT_EQ(scores.size(), 3U);
  EXPECT_DOUBLE_EQ(scores.at(7), 1.0 / 61);
  EXPECT_DOUBLE_EQ(scores.at(8), 1.0 / 62 + 1.0 / 61);
  EXPECT_DOUBLE_EQ(scores.at(9), 1.0 / 62);
}

TEST(RankFusion, RankingsMayCountDifferently) {
  const auto scores = fused_ranks({{7, 8}, {8}}, {1.0, 2.0});
  EXPECT_DOUBLE_EQ(scores.at(7), 1.0 / 61);
  EXPECT_DOUBLE_EQ(scores.at(8), 1.0 / 62 + 2.0 / 61);
}

TEST(RankFusion, OfNothingIsNothing) {
  EXPECT_TRUE(fused_ranks({}).empty());
  EXPECT_TRUE(fused_ranks({{}, {}}).empty());
}

}  // namespace
}  // namespace blip::search
