#include "train/data/prefetching_loader.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "blip/error.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/no_more_threads.hpp"

namespace blip::train {
namespace {

using std::chrono::milliseconds;

Example example_of(std::size_t row, std::uint32_t epoch) {
  Example example;
  example.text = std::to_string(epoch) + '/' + std::to_string(row);
  example.image = static_cast<std::uint32_t>(row);
  return example;
}

// Uneven, so that workers overtake one another.
Example slow_example(std::size_t row, std::uint32_t epoch) {
  std::this_thread::sleep_for(milliseconds(row * 7 % 3));
  return example_of(row, epoch);
}

EpochSampler sampler_of(std::size_t rows, std::size_t batch) {
  return EpochSampler({.rows = rows, .batch = batch, .seed = 3});
}

std::string texts_of(PrefetchingLoader& loader, int batches) {
  std::string texts;
  for (int i = 0; i < batches; ++i) {
    const Batch batch = loader.next();
    texts += std::to_string(batch.epoch) + '.' + std::to_string(batch.step) + ": ";
    for (const Example& example : batch.examples) texts += example.text + ' ';
  }
  return texts;
}

TEST(PrefetchingLoader, GivesTheSameBatchesForAnyNumberOfWorkers) {
  std::string expected;
  EpochSampler sampler = sampler_of(23, 4);
  for (std::uint32_t epoch = 0; epoch < 3; ++epoch) {
    for (std::uint64_t step = 0; step < 5; ++step) {
      expected += std::to_string(epoch) + '.' + std::to_string(step) + ": ";
      for (const std::size_t row : sampler.rows(epoch, step)) {
        expected += example_of(row, epoch).text + ' ';
      }
    }
  }
  for (const int workers : {1, 2, 5, 16}) {
    for (const std::size_t ahead : {1U, 3U}) {
      PrefetchingLoader loader(sampler_of(23, 4), slow_example,
                               {.workers = workers, .batches_ahead = ahead});
      EXPECT_EQ(texts_of(loader, 15), expected) << workers << " workers";
    }
  }
}

TEST(PrefetchingLoader, ResumesWithoutLoadingWhatComesBefore) {
  PrefetchingLoader whole(sampler_of(20, 4), example_of, {});
  texts_of(whole, 8);
  const std::string expected = texts_of(whole, 4);
  std::atomic<int> loads = 0;
  {
    PrefetchingLoader resumed(sampler_of(20, 4),
                              [&](std::size_t row, std::uint32_t epoch) {
                                ++loads;
                                return example_of(row, epoch);
                              },
                              {.workers = 2, .batches_ahead = 2, .epoch = 1, .step = 3});
    EXPECT_EQ(texts_of(resumed, 4), expected);
  }
  EXPECT_LE(loads, 4 * (4 + 2));
  PrefetchingLoader at_the_end(sampler_of(20, 4), example_of, {.epoch = 0, .step = 5});
  EXPECT_EQ(at_the_end.next().epoch, 1U);
}

TEST(PrefetchingLoader, BeginsNoMoreBatchesThanItMay) {
  std::atomic<int> loads = 0;
  PrefetchingLoader loader(sampler_of(100, 5),
                           [&](std::size_t row, std::uint32_t epoch) {
                             ++loads;
                             return example_of(row, epoch);
                           },
                           {.workers = 8, .batches_ahead = 3});
  while (loads < 15) std::this_thread::yield();
  std::this_thread::sleep_for(milliseconds(30));
  EXPECT_EQ(loads, 15);
  loader.next();
  while (loads < 20) std::this_thread::yield();
  std::this_thread::sleep_for(milliseconds(30));
  EXPECT_EQ(loads, 20);
}

TEST(PrefetchingLoader, ThrowsWhatAWorkerThrewAndGoesOn) {
  EpochSampler sampler = sampler_of(20, 4);
  const std::size_t bad = sampler.rows(0, 1)[2];
  const std::size_t worse = sampler.rows(0, 1)[3];
  for (const int workers : {1, 6}) {
    PrefetchingLoader loader(sampler_of(20, 4),
                             [&](std::size_t row, std::uint32_t epoch) {
                               if (row == worse)
                                 throw Error(ErrorCode::malformed, "sample worse: empty");
                               std::this_thread::sleep_for(milliseconds(2));
                               if (row == bad)
                                 throw Error(ErrorCode::malformed, "sample bad: empty");
                               return example_of(row, epoch);
                             },
                             {.workers = workers, .batches_ahead = 4});
    EXPECT_EQ(loader.next().step, 0U);
    // The first by its place in the batch, whichever failed first.
    expect_error(ErrorCode::malformed, "sample bad", [&] { loader.next(); });
    EXPECT_EQ(loader.next().step, 2U);
  }
}

TEST(PrefetchingLoader, StopsWhileItsWorkersAreBusy) {
  for (int i = 0; i < 20; ++i) {
    PrefetchingLoader loader(sampler_of(100, 4), slow_example, {.workers = 4});
    if (i % 2 == 0) loader.next();
  }
}

TEST(PrefetchingLoader, PassesOverNothingWhenARankHasNoRowsOfTheLastBatch) {
  PrefetchingLoader loader(EpochSampler({.rows = 5,
                                         .batch = 4,
                                         .rank = 1,
                                         .ranks = 2,
                                         .is_shuffled = false,
                                         .drops_last = false}),
                           example_of, {.workers = 2, .batches_ahead = 1});
  EXPECT_EQ(texts_of(loader, 4), "0.0: 0/1 0/3 0.1: 1.0: 1/1 1/3 1.1: ");
}

TEST(PrefetchingLoader, LoadsOnTheCallersThreadIfNoOtherCanBeStarted) {
  PrefetchingLoader usual(sampler_of(10, 4), example_of, {.workers = 4});
  const std::string expected = texts_of(usual, 5);
  const NoMoreThreads none;
  PrefetchingLoader alone(sampler_of(10, 4), example_of, {.workers = 4});
  EXPECT_EQ(texts_of(alone, 5), expected);
}

TEST(PrefetchingLoader, RefusesWhatCannotRun) {
  const auto refuse = [](const std::string& part, std::size_t rows, const LoaderOptions& options) {
    expect_error(ErrorCode::invalid_argument, part,
                 [&] { PrefetchingLoader(sampler_of(rows, 4), example_of, options); });
  };
  refuse("at least one worker", 8, {.workers = 0});
  refuse("at least one batch", 8, {.batches_ahead = 0});
  refuse("fewer rows than a batch", 3, {});
  refuse("cannot resume at step 3 of an epoch of 2", 8, {.step = 3});
}

}  // namespace
}  // namespace blip::train
