#include "search/near_hashes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <random>
#include <set>

namespace blip::search {
namespace {

using ::testing::ElementsAre;

// Compared with every pair.
TEST(NearHashes, AreAllThatDifferInFewBits) {
  std::mt19937_64 random(1);
  std::vector<std::uint64_t> hashes;
  for (int i = 0; i < 300; ++i) {
    const std::uint64_t hash = random();
    hashes.push_back(hash);
    std::uint64_t near = hash;
    for (int k = 0; k < i % 10; ++k) near ^= std::uint64_t{1} << (random() % 64);
    hashes.push_back(near);
  }
  for (const int distance : {0, 3, kMostDistance}) {
    std::set<std::pair<std::size_t, std::size_t>> found;
    for_near_hashes(hashes, distance, [&](std::size_t a, std::size_t b) { found.emplace(a, b); });
    std::set<std::pair<std::size_t, std::size_t>> expected;
    for (std::size_t a = 0; a < hashes.size(); ++a) {
      for (std::size_t b = a + 1; b < hashes.size(); ++b) {
        if (std::popcount(hashes[a] ^ hashes[b]) <= distance) expected.emplace(a, b);
      }
    }
    EXPECT_FALSE(expected.empty());
    EXPECT_EQ(found, expected) << distance;
  }
}

TEST(Groups, AreWhatPairsJoin) {
  Groups groups(7);
  groups.join(5, 1);
  groups.join(3, 5);
  groups.join(6, 2);
  groups.join(6, 2);
  EXPECT_TRUE(groups.are_joined(1, 3));
  EXPECT_FALSE(groups.are_joined(1, 2));
  EXPECT_THAT(groups.groups(), ElementsAre(ElementsAre(1, 3, 5), ElementsAre(2, 6)));
}

}  // namespace
}  // namespace blip::search
