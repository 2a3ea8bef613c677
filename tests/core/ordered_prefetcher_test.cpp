#include "core/ordered_prefetcher.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

#include "tests/core/no_more_threads.hpp"

namespace blip {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using Prefetcher = OrderedPrefetcher<int, std::string>;

// 0, 1, … count - 1.
Prefetcher::Source count_to(int count) {
  return [next = 0, count](const std::stop_token&) mutable {
    return next < count ? std::optional(next++) : std::nullopt;
  };
}

std::vector<std::string> all_of(Prefetcher& prefetcher) {
  std::vector<std::string> results;
  while (auto result = prefetcher.next()) results.push_back(std::move(*result));
  return results;
}

TEST(OrderedPrefetcher, HandsResultsOutInOrderWhicheverIsDoneFirst) {
  for (const int threads : {0, 1, 2, 7}) {
    for (const std::size_t window : {0U, 1U, 3U, 50U}) {
      Prefetcher prefetcher(
          count_to(40),
          [](int item) {
            std::this_thread::sleep_for(milliseconds(item * 7 % 3));
            return std::to_string(item);
          },
          threads, window);
      for (int i = 0; i < 40; ++i) EXPECT_EQ(prefetcher.next(), std::to_string(i));
      EXPECT_EQ(prefetcher.next(), std::nullopt);
      EXPECT_EQ(prefetcher.next(), std::nullopt);
    }
  }
}

TEST(OrderedPrefetcher, WaitsForAListNoLongerThanItIsTold) {
  for (const int threads : {1, 3}) {
    std::atomic<bool> goes_on = false;
    Prefetcher prefetcher(
        [&, next = 0](const std::stop_token& stop) mutable -> std::optional<int> {
          while (next == 1 && !goes_on && !stop.stop_requested()) std::this_thread::yield();
          return next < 3 ? std::optional(next++) : std::nullopt;
        },
        [](int item) {
          std::this_thread::sleep_for(milliseconds(30));  // the work is waited for
          return std::to_string(item);
        },
        threads, 4);
    EXPECT_EQ(prefetcher.next(), "0");
    EXPECT_EQ(prefetcher.next_within(milliseconds(5)), std::nullopt);
    goes_on = true;
    EXPECT_EQ(prefetcher.next(), "1");
    EXPECT_EQ(prefetcher.next_within(milliseconds(60'000)), "2");
    EXPECT_EQ(prefetcher.next_within(milliseconds(60'000)), std::nullopt);  // the end
    EXPECT_EQ(prefetcher.next(), std::nullopt);
  }
}

TEST(OrderedPrefetcher, WorksOnSeveralItemsAtOnce) {
  std::atomic<int> inside = 0;
  Prefetcher prefetcher(
      count_to(3),
      [&](int item) {
        ++inside;
        while (inside < 3) std::this_thread::yield();  // for ever, with less than three threads
        return std::to_string(item);
      },
      3, 3);
  EXPECT_THAT(all_of(prefetcher), ElementsAre("0", "1", "2"));
}

TEST(OrderedPrefetcher, BeginsNoMoreItemsThanTheWindowHolds) {
  std::atomic<int> begun = 0;
  Prefetcher prefetcher(
      count_to(100),
      [&](int item) {
        ++begun;
        return std::to_string(item);
      },
      4, 5);
  const auto expect_begun = [&](int count) {
    while (begun < count) std::this_thread::yield();
    std::this_thread::sleep_for(milliseconds(20));  // time for one too many
    EXPECT_EQ(begun, count);
  };
  expect_begun(5);
  prefetcher.next();
  prefetcher.next();
  expect_begun(7);
}

TEST(OrderedPrefetcher, ThrowsInPlaceWhatWorkThrew) {
  for (const int threads : {0, 1, 4}) {
    Prefetcher prefetcher(
        count_to(4),
        [](int item) -> std::string {
          if (item == 1 || item == 2) throw std::runtime_error("item " + std::to_string(item));
          return std::to_string(item);
        },
        threads, 4);
    EXPECT_EQ(prefetcher.next(), "0");
    for (const std::string failure : {"item 1", "item 2"}) {
      try {
        prefetcher.next();
        ADD_FAILURE() << failure;
      } catch (const std::runtime_error& error) {
        EXPECT_EQ(error.what(), failure);
      }
    }
    EXPECT_THAT(all_of(prefetcher), ElementsAre("3"));
  }
}

TEST(OrderedPrefetcher, ThrowsWhatTheSourceThrewAfterWhatItGave) {
  for (const int threads : {0, 1, 4}) {
    int calls = 0;
    Prefetcher prefetcher(
        [&](const std::stop_token&) -> std::optional<int> {
          if (calls == 2) throw std::runtime_error("broken list");
          return calls++;
        },
        [](int item) {
          std::this_thread::sleep_for(milliseconds(2));
          return std::to_string(item);
        },
        threads, 8);
    EXPECT_EQ(prefetcher.next(), "0");
    EXPECT_EQ(prefetcher.next(), "1");
    EXPECT_THROW(prefetcher.next(), std::runtime_error);
    EXPECT_THROW(prefetcher.next(), std::runtime_error);
    EXPECT_EQ(calls, 2);
  }
}

// A source that waits until it is stopped, as one that reads a slow pipe.
Prefetcher::Source wait_after(int count, std::atomic<bool>& waits) {
  return [next = 0, count, &waits](const std::stop_token& stop) mutable -> std::optional<int> {
    if (next < count) return next++;
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    waits = true;
    stopped.wait(lock, stop, [] { return false; });
    return std::nullopt;
  };
}

std::string text_of(int item) {
  return std::to_string(item);
}

TEST(OrderedPrefetcher, HandsOutWhatIsDoneWhileTheSourceWaits) {
  std::atomic<bool> waits = false;
  Prefetcher prefetcher(wait_after(2, waits), text_of, 3, 8);
  EXPECT_EQ(prefetcher.next(), "0");
  EXPECT_EQ(prefetcher.next(), "1");
}  // and ends though its source has not

TEST(OrderedPrefetcher, StopEndsTheWaitForAResult) {
  for (const int threads : {0, 1, 3}) {
    std::atomic<bool> waits = false;
    Prefetcher prefetcher(wait_after(1, waits), text_of, threads, 8);
    EXPECT_EQ(prefetcher.next(), "0");
    const std::jthread stopper([&] {
      while (!waits) std::this_thread::yield();
      prefetcher.stop();
    });
    EXPECT_EQ(prefetcher.next(), std::nullopt);
    EXPECT_EQ(prefetcher.next(), std::nullopt);
  }
}

TEST(OrderedPrefetcher, BeginsNothingAfterStop) {
  for (const int threads : {0, 2}) {
    std::atomic<int> begun = 0;
    Prefetcher prefetcher(
        count_to(100),
        [&](int item) {
          ++begun;
          return std::to_string(item);
        },
        threads, 2);
    prefetcher.next();
    prefetcher.stop();
    EXPECT_EQ(prefetcher.next(), std::nullopt);
    EXPECT_LE(begun, 3);
  }
}

TEST(OrderedPrefetcher, EndsWhileItsThreadsAreBusy) {
  for (int i = 0; i < 50; ++i) {
    Prefetcher prefetcher(
        count_to(100),
        [](int item) {
          std::this_thread::sleep_for(std::chrono::microseconds(item * 131 % 300));
          return std::to_string(item);
        },
        4, 6);
    for (int taken = 0; taken < i % 4; ++taken) prefetcher.next();
  }
}

TEST(OrderedPrefetcher, WorksOnTheCallersThreadIfNoOtherCanBeStarted) {
  const NoMoreThreads none;
  EXPECT_THROW(std::thread([] {}).join(), std::system_error);
  const auto caller = std::this_thread::get_id();
  Prefetcher prefetcher(
      count_to(5),
      [&](int item) {
        EXPECT_EQ(std::this_thread::get_id(), caller);
        return std::to_string(item);
      },
      4, 3);
  EXPECT_EQ(prefetcher.num_threads(), 0U);
  EXPECT_THAT(all_of(prefetcher), ElementsAre("0", "1", "2", "3", "4"));
}

TEST(StartThreads, KeepsThoseThatCouldBeStarted) {
  const auto start_until = [](int limit, const auto& error) {
    return start_threads(5, [&](int i) {
      if (i == limit) throw error;
      return std::jthread([] {});
    });
  };
  const std::system_error no_thread(
      std::make_error_code(std::errc::resource_unavailable_try_again));
  EXPECT_EQ(start_until(5, no_thread).size(), 5U);
  EXPECT_EQ(start_until(3, no_thread).size(), 3U);
  EXPECT_EQ(start_until(2, std::bad_alloc()).size(), 2U);
  EXPECT_EQ(start_until(0, no_thread).size(), 0U);
  EXPECT_EQ(start_threads(-1, [](int) { return std::jthread([] {}); }).size(), 0U);
}

}  // namespace
}  // namespace blip
