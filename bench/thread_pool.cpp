// What handing out work costs: nanoseconds per parallel_for of tasks that do nothing, one after the
// other as in a decoding step, with two threads and with far more threads than cores.
//
//   bench_thread_pool
#include "core/thread_pool.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <limits>

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

}  // namespace

int main() {
  for (const int threads : {1, 2, 16}) {
    blip::ThreadPool pool(threads);
    for (const std::size_t tasks : {1U, 2U, 16U}) {
      std::printf("%2d threads %2zu tasks %10.0f ns\n", threads, tasks, nanoseconds(pool, tasks));
    }
  }
  return 0;
}
