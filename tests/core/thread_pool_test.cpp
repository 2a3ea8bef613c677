#include "core/thread_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

#include "blip/context.hpp"
#include "blip/error.hpp"
#include "tests/core/no_more_threads.hpp"

namespace blip {
namespace {

TEST(ThreadPool, RunsEveryTaskOnce) {
  for (const int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    for (const std::size_t count : {0, 1, 2, 7, 1000}) {
      std::vector<std::atomic<int>> calls(count);
      pool.parallel_for(count, [&](std::size_t i, int) { calls[i].fetch_add(1); });
      for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(calls[i].load(), 1) << i;
    }
  }
}

TEST(ThreadPool, GivesEachThreadItsOwnNumber) {
  ThreadPool pool(4);
  std::vector<std::atomic<int>> inside(4);
  std::atomic<bool> shared{false};
  pool.parallel_for(500, [&](std::size_t, int thread) {
    ASSERT_GE(thread, 0);
    ASSERT_LT(thread, 4);
    if (inside[static_cast<std::size_t>(thread)].fetch_add(1) != 0) shared = true;
    inside[static_cast<std::size_t>(thread)].fetch_sub(1);
  });
  EXPECT_FALSE(shared.load());
}

TEST(ThreadPool, ManySmallJobsInARow) {
  ThreadPool pool(3);
  std::atomic<int> total{0};
  for (int job = 0; job < 5000; ++job) {
    pool.parallel_for(3, [&](std::size_t, int) { total.fetch_add(1, std::memory_order_relaxed); });
  }
  EXPECT_EQ(total.load(), 15000);
}

TEST(ThreadPool, AsksNoMoreThreadsThanThereAreTasks) {
  ThreadPool pool(16);
  for (int job = 0; job < 200; ++job) {
    pool.parallel_for(2, [](std::size_t, int thread) { EXPECT_LT(thread, 2); });
  }
}

// Each job reads what the one before wrote, whichever threads took part in it.
TEST(ThreadPool, SeesTheLastJobsResultsWithMoreThreadsThanCores) {
  ThreadPool pool(16);
  std::vector<int> values(40);
  for (int job = 0; job < 500; ++job) {
    const auto count = static_cast<std::size_t>(1 + job * 7 % 40);
    const std::vector<int> before = values;
    pool.parallel_for(count, [&](std::size_t i, int) { values[i] = before[i] + 1; });
    for (std::size_t i = 0; i < values.size(); ++i) {
      ASSERT_EQ(values[i], before[i] + (i < count ? 1 : 0)) << job;
    }
  }
}

TEST(ThreadPool, WorksWithTheThreadsThatCouldBeStarted) {
  const NoMoreThreads none;
  ThreadPool pool(4);
  EXPECT_EQ(pool.num_threads(), 1);
  int calls = 0;
  pool.parallel_for(10, [&](std::size_t, int thread) { calls += thread == 0 ? 1 : 100; });
  EXPECT_EQ(calls, 10);
}

TEST(ThreadPool, RethrowsAndStaysUsable) {
  ThreadPool pool(2);
  std::atomic<int> finished{0};
  EXPECT_THROW(pool.parallel_for(10,
                                 [&](std::size_t i, int) {
                                   if (i == 3) throw std::runtime_error("three");
                                   finished.fetch_add(1);
                                 }),
               std::runtime_error);
  EXPECT_EQ(finished.load(), 9);
  pool.parallel_for(4, [&](std::size_t, int) { finished.fetch_add(1); });
  EXPECT_EQ(finished.load(), 13);
}

TEST(Context, RefusesAbsurdThreadCounts) {
  EXPECT_THROW(Context({.num_threads = -1}), Error);
  EXPECT_THROW(Context({.num_threads = 1'000'000}), Error);
  EXPECT_EQ(Context({.num_threads = 3}).num_threads(), 3);
  EXPECT_GE(Context().num_threads(), 1);
}

}  // namespace
}  // namespace blip
