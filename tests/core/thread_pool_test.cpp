#include "core/thread_pool.hpp"

#include <gtest/gtest.h>

#ifdef __linux__
#include <sched.h>
#endif

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
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

#ifdef __linux__
cpu_set_t processors_of_this_thread() {
  cpu_set_t set;
  EXPECT_EQ(sched_getaffinity(0, sizeof set, &set), 0);
  return set;
}

void run_on(int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(processor), &set);
  EXPECT_EQ(sched_setaffinity(0, sizeof set, &set), 0);
}

void work_for(std::chrono::milliseconds time) {
  const auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - begin < time) {
  }
}

// A worker that shares a processor with the thread that calls it goes elsewhere, wherever that
// thread goes, and to no processor that it was not allowed from the beginning.
TEST(ThreadPool, AThreadKeepsOffTheProcessorThatItSharedWithTheCaller) {
  const cpu_set_t all = processors_of_this_thread();
  if (CPU_COUNT(&all) < 2) GTEST_SKIP() << "one processor";
  std::vector<int> processors;
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(static_cast<unsigned>(i), &all)) processors.push_back(i);
  }
  std::jthread([&] {  // so that this thread's processors stay as they are
    ThreadPool pool(2);
    bool is_first = true;  // the worker is put beside its caller
    for (const int here : {processors[0], processors[1], processors[0]}) {
      run_on(here);
      bool is_away = false;
      for (int job = 0; job < 2000 && !is_away; ++job) {
        pool.parallel_for(2, [&](std::size_t, int thread) {
          if (thread == 1) {
            cpu_set_t own = processors_of_this_thread();
            is_away = CPU_ISSET(static_cast<unsigned>(here), &own) == 0;
            if (is_first && !is_away) run_on(here);
            is_first = false;
            for (const int other : processors) CPU_CLR(static_cast<unsigned>(other), &own);
            EXPECT_EQ(CPU_COUNT(&own), 0);
          }
          work_for(std::chrono::milliseconds(2));
        });
      }
      EXPECT_TRUE(is_away) << "from processor " << here;
    }
  })
      .join();
}

// Of more threads than processors, each may be anywhere.
TEST(ThreadPool, ThreadsThatShareProcessorsStayFree) {
  std::jthread([] {
    const cpu_set_t all = processors_of_this_thread();
    int first = 0;
    while (!CPU_ISSET(static_cast<unsigned>(first), &all)) ++first;
    run_on(first);
    ThreadPool pool(3);
    std::atomic<int> narrowed{0};
    for (int job = 0; job < 50; ++job) {
      pool.parallel_for(3, [&](std::size_t, int) {
        const cpu_set_t own = processors_of_this_thread();
        if (CPU_COUNT(&own) != 1 || !CPU_ISSET(static_cast<unsigned>(first), &own)) ++narrowed;
        work_for(std::chrono::milliseconds(1));
      });
    }
    EXPECT_EQ(narrowed.load(), 0);
  }).join();
}
#endif

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
