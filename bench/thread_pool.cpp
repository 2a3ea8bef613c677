// What handing out work costs: nanoseconds per parallel_for of tasks that do nothing, one after the
// other as in a decoding step, with two threads and with far more threads than cores. And what a
// second thread gains for a run of short tasks, at once and after the machine has had a pause, when
// a virtual machine's threads wake up in each other's way.
//
//   bench_thread_pool
#include "core/thread_pool.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <limits>
#include <thread>

namespace {

constexpr int kRounds = 30;
constexpr int kJobs = 300;

// The best of some rounds: what else the machine does only makes it slower.
double nanoseconds(blip::ThreadPool& pool, std::size_t tasks) {
  double best = std::numeric_limits<double>::infinity();
  for (int round = 0; round < kRounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int job = 0; job < kJobs; ++job) pool.parallel_for(tasks, [](std::size_t, int) {});
    const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - start;
    best = std::min(best, spent.count() / kJobs);
  }
  return best;
}

// Milliseconds of what a small vision tower does: 50 loops of 0.4 ms of work for one thread.
double milliseconds_of_a_model(blip::ThreadPool& pool) {
  constexpr int kLoops = 50;
  constexpr std::size_t kTasks = 8;
  constexpr std::chrono::microseconds kTask{50};
  const auto start = std::chrono::steady_clock::now();
  for (int loop = 0; loop < kLoops; ++loop) {
    pool.parallel_for(kTasks, [&](std::size_t, int) {
      const auto begin = std::chrono::steady_clock::now();
      while (std::chrono::steady_clock::now() - begin < kTask) {
      }
    });
  }
  const std::chrono::duration<double, std::milli> spent = std::chrono::steady_clock::now() - start;
  return spent.count();
}

// The median of some runs, each after a pause.
double after_pauses(blip::ThreadPool& pool, std::chrono::milliseconds pause) {
  constexpr std::size_t kRuns = 9;
  std::array<double, kRuns> runs{};
  for (double& run : runs) {
    std::this_thread::sleep_for(pause);
    run = milliseconds_of_a_model(pool);
  }
  std::sort(runs.begin(), runs.end());
  return runs[kRuns / 2];
}

}  // namespace

int main() {
  for (const int threads : {1, 2, 16}) {
    blip::ThreadPool pool(threads);
    for (const std::size_t tasks : {1U, 2U, 16U}) {
      std::printf("%2d threads %2zu tasks %10.0f ns\n", threads, tasks, nanoseconds(pool, tasks));
    }
  }
  for (const int threads : {1, 2}) {
    blip::ThreadPool pool(threads);
    for (const int pause : {0, 30, 300}) {
      std::printf("%2d threads after %3d ms %6.1f ms\n", threads, pause,
                  after_pauses(pool, std::chrono::milliseconds(pause)));
    }
  }
  return 0;
}
