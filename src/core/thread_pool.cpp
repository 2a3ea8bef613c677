#include "core/thread_pool.hpp"

#include <algorithm>
#include <system_error>

#include "blip/error.hpp"

// OpenMP's own API, of the runtime that oneDNN is linked with (cmake/FindGnuOpenMP.cmake). Declared
// here because clang cannot read gcc's omp.h, and its own omp.h goes with another runtime.
extern "C" {
void omp_set_num_threads(int num_threads);
int omp_get_max_threads();
}

namespace blip {
namespace {

// How long a thread spins before it sleeps. The gaps between two parallel loops of a decode step
// are a few microseconds, less than a futex wake-up costs; anything longer must not burn a core
// that another process (or the caller's own work) could use, so the spin is bounded at tens of
// microseconds.
constexpr int kSpins = 2000;

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

template <typename Condition>
bool spin_until(const Condition& condition) {
  for (int i = 0; i < kSpins; ++i) {
    if (condition()) return true;
    relax();
  }
  return false;
}

}  // namespace

ThreadPool::ThreadPool(int num_threads) {
  workers_.reserve(static_cast<std::size_t>(std::max(num_threads, 1) - 1));
  try {
    for (int i = 1; i < num_threads; ++i) {
      workers_.emplace_back([this, i] { work(i); });
    }
  } catch (const std::system_error&) {
    // The system is out of threads: fewer are slower, not wrong.
  }
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    generation_.fetch_add(1, std::memory_order_release);
  }
  wake_.notify_all();
  for (auto& worker : workers_) worker.join();
}

void ThreadPool::work(int thread) {
  // oneDNN is built with OpenMP; inside one of our tasks it must stay on the task's thread. The
  // setting is per thread.
  omp_set_num_threads(1);
  std::uint64_t seen = 0;
  for (;;) {
    const auto new_job = [&] { return generation_.load(std::memory_order_acquire) != seen; };
    if (!spin_until(new_job)) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, new_job);
    }
    seen = generation_.load(std::memory_order_acquire);
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
    }
    run_tasks(thread);
    if (busy_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      const std::lock_guard lock(mutex_);
      done_.notify_one();
    }
  }
}

void ThreadPool::run_tasks(int thread) {
  for (;;) {
    const std::size_t index = next_.fetch_add(1, std::memory_order_relaxed);
    if (index >= count_) return;
    try {
      (*task_)(index, thread);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = std::current_exception();
    }
  }
}

void ThreadPool::parallel_for(std::size_t count, const Task& task) {
  if (count == 0) return;
  // The caller may be inside an OpenMP program of its own: put its setting back afterwards.
  const int caller_omp_threads = omp_get_max_threads();
  omp_set_num_threads(1);

  task_ = &task;
  count_ = count;
  next_.store(0, std::memory_order_relaxed);
  error_ = nullptr;
  const bool shared = count > 1 && !workers_.empty();
  if (shared) {
    busy_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
    {
      const std::lock_guard lock(mutex_);
      generation_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
  }
  run_tasks(0);
  if (shared) {
    const auto all_done = [&] { return busy_.load(std::memory_order_acquire) == 0; };
    if (!spin_until(all_done)) {
      std::unique_lock lock(mutex_);
      done_.wait(lock, all_done);
    }
  }
  omp_set_num_threads(caller_omp_threads);
  if (error_) std::rethrow_exception(error_);
}

}  // namespace blip
