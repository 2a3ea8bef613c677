#include "train/data/epoch_sampler.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "tests/core/expect_error.hpp"

namespace blip::train {
namespace {

using testing::ElementsAre;
using Rows = std::vector<std::size_t>;

Rows whole_epoch(EpochSampler& sampler, std::uint32_t epoch) {
  Rows rows;
  for (std::uint64_t step = 0; step < sampler.steps_per_epoch(); ++step) {
    const Rows batch = sampler.rows(epoch, step);
    rows.insert(rows.end(), batch.begin(), batch.end());
  }
  return rows;
}

TEST(EpochSampler, VisitsEveryRowOnceInAnOrderOfTheEpochsOwn) {
  EpochSampler sampler({.rows = 100, .batch = 10, .seed = 5});
  Rows first = whole_epoch(sampler, 0);
  Rows second = whole_epoch(sampler, 1);
  EXPECT_NE(first, second);
  EpochSampler other_seed({.rows = 100, .batch = 10, .seed = 6});
  EXPECT_NE(first, whole_epoch(other_seed, 0));
  Rows all(100);
  std::iota(all.begin(), all.end(), std::size_t{0});
  EXPECT_NE(first, all);
  for (Rows* rows : {&first, &second}) {
    std::sort(rows->begin(), rows->end());
    EXPECT_EQ(*rows, all);
  }
}

TEST(EpochSampler, FindsAStepWithoutThoseBefore) {
  EpochSampler from_the_start({.rows = 50, .batch = 8, .seed = 5});
  for (std::uint32_t epoch = 0; epoch < 3; ++epoch) whole_epoch(from_the_start, epoch);
  const Rows expected = from_the_start.rows(2, 3);
  EpochSampler resumed({.rows = 50, .batch = 8, .seed = 5});
  EXPECT_EQ(resumed.rows(2, 3), expected);
}

TEST(EpochSampler, DealsOneGlobalBatchToAnyNumberOfRanks) {
  EpochSampler alone({.rows = 60, .batch = 12, .seed = 9});
  for (const std::size_t ranks : {2U, 3U, 12U}) {
    for (std::uint64_t step = 0; step < 5; ++step) {
      const Rows expected = alone.rows(4, step);
      for (std::size_t rank = 0; rank < ranks; ++rank) {
        EpochSampler sampler({.rows = 60, .batch = 12, .rank = rank, .ranks = ranks, .seed = 9});
        const Rows part = sampler.rows(4, step);
        ASSERT_EQ(part.size(), 12 / ranks);
        for (std::size_t i = 0; i < part.size(); ++i) {
          EXPECT_EQ(part[i], expected[rank + i * ranks]);
        }
      }
    }
  }
}

TEST(EpochSampler, DropsOrKeepsTheLastRows) {
  EpochSampler dropping({.rows = 10, .batch = 4, .is_shuffled = false});
  EXPECT_EQ(dropping.steps_per_epoch(), 2U);
  EXPECT_THAT(whole_epoch(dropping, 0), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  const SamplerOptions keeping = {
      .rows = 9, .batch = 4, .ranks = 2, .is_shuffled = false, .drops_last = false};
  SamplerOptions second_rank = keeping;
  second_rank.rank = 1;
  EpochSampler first(keeping);
  EpochSampler second(second_rank);
  EXPECT_EQ(first.steps_per_epoch(), 3U);
  EXPECT_THAT(first.rows(0, 2), ElementsAre(8));
  EXPECT_THAT(second.rows(0, 2), ElementsAre());
  EXPECT_THAT(second.rows(0, 0), ElementsAre(1, 3));
}

TEST(EpochSampler, ShufflesEvenly) {
  // Where row 0 stands after 3,000 shuffles of 5 rows.
  std::vector<int> counts(5);
  EpochSampler sampler({.rows = 5, .batch = 5, .seed = 1});
  for (std::uint32_t epoch = 0; epoch < 3000; ++epoch) {
    const Rows rows = sampler.rows(epoch, 0);
    ++counts[static_cast<std::size_t>(std::find(rows.begin(), rows.end(), 0U) - rows.begin())];
  }
  for (const int count : counts) EXPECT_NEAR(count, 600, 100);
}

TEST(EpochSampler, RefusesWhatCannotBeDealt) {
  const auto refuse = [](const std::string& part, const SamplerOptions& options) {
    expect_error(ErrorCode::invalid_argument, part, [&] { EpochSampler{options}; });
  };
  refuse("rank 2 does not exist among 2", {.rows = 4, .batch = 2, .rank = 2, .ranks = 2});
  refuse("cannot be dealt to 2", {.rows = 4, .batch = 3, .ranks = 2});
  refuse("a batch of 0", {.rows = 4, .batch = 0});
  refuse("2^32", {.rows = std::size_t{1} << 32U, .batch = 1});
  EpochSampler sampler({.rows = 4, .batch = 2});
  expect_error(ErrorCode::invalid_argument, "there is no step 2", [&] { sampler.rows(0, 2); });
}

}  // namespace
}  // namespace blip::train
