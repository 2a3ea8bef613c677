#include "core/thread_pool.hpp"

#ifdef __linux__
#include <sched.h>
#endif

#include <algorithm>
#include <span>

#include "core/start_threads.hpp"

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

// A thread that wakes up takes tens of microseconds to begin. One that has not begun after this
// long stands in line for a processor.
constexpr std::chrono::microseconds kWaitsInLine{150};

bool has_waited_long(std::chrono::steady_clock::time_point since) {
  return std::chrono::steady_clock::now() - since > kWaitsInLine;
}

#ifdef __linux__

int current_processor() {
  return ::sched_getcpu();
}

// The processors that the thread which makes it may run on.
class OwnProcessors {
 public:
  OwnProcessors() : is_known_(::sched_getaffinity(0, sizeof own_, &own_) == 0) {}

  [[nodiscard]] int count() const { return is_known_ ? CPU_COUNT(&own_) : 1; }

  // From now on the thread runs on the others of them, or on all if there are none or `processor`
  // is -1.
  void keep_off(int processor) {
    if (!is_known_ || processor == avoided_) return;
    avoided_ = processor;
    cpu_set_t others = own_;
    if (processor >= 0 && processor < CPU_SETSIZE) {
      CPU_CLR(static_cast<unsigned>(processor), &others);
    }
    if (CPU_COUNT(&others) == 0) others = own_;
    is_known_ =
        ::sched_setaffinity(0, sizeof others, &others) == 0;  // where it is forbidden: never
  }

 private:
  cpu_set_t own_{};
  bool is_known_;
  int avoided_ = -1;
};

#else

int current_processor() {
  return -1;
}

class OwnProcessors {
 public:
  [[nodiscard]] static int count() { return 1; }
  static void keep_off(int /*processor*/) {}
};

#endif

}  // namespace

SingleOpenMpThread::SingleOpenMpThread() : before_(omp_get_max_threads()) {
  omp_set_num_threads(1);
}

SingleOpenMpThread::~SingleOpenMpThread() {
  omp_set_num_threads(before_);
}

ThreadPool::ThreadPool(int num_threads)
    : workers_(static_cast<std::size_t>(std::max(num_threads, 1) - 1)),
      spreads_(num_threads <= OwnProcessors().count()) {
  threads_ = start_threads(num_threads - 1, [this](int i) {
    return std::jthread([this, i] { work(workers_[static_cast<std::size_t>(i)], i + 1); });
  });
}

ThreadPool::~ThreadPool() {
  for (Worker& worker : workers_) {
    worker.state.store(Worker::stopping, std::memory_order_relaxed);
    worker.state.notify_one();
  }
}

void ThreadPool::work(Worker& self, int thread) {
  // oneDNN is built with OpenMP; inside one of our tasks it must stay on the task's thread. The
  // setting is per thread.
  omp_set_num_threads(1);
  OwnProcessors processors;
  while (true) {
    const auto is_called = [&] {
      return self.state.load(std::memory_order_relaxed) != Worker::idle;
    };
    if (!spin_until(is_called)) self.state.wait(Worker::idle, std::memory_order_relaxed);
    processors.keep_off(self.avoided.load(std::memory_order_relaxed));
    std::uint32_t state = Worker::asked;
    if (self.state.compare_exchange_strong(state, Worker::running, std::memory_order_acquire)) {
      if (spreads_ && current_processor() == self.asked_from) {
        self.shares_processor.store(true, std::memory_order_relaxed);
      }
      run_tasks(thread);
      self.state.store(Worker::idle, std::memory_order_release);
      self.state.notify_one();
    } else if (state == Worker::stopping) {
      return;
    }
  }
}

void ThreadPool::ask(Worker& worker) const {
  if (spreads_) {
    worker.asked_from = current_processor();
    if (worker.avoided.load(std::memory_order_relaxed) >= 0) {
      // The calling thread may have moved, or be another one.
      worker.avoided.store(worker.asked_from, std::memory_order_relaxed);
    }
    worker.asked_at = std::chrono::steady_clock::now();
  }
  worker.state.store(Worker::asked, std::memory_order_release);
  worker.state.notify_one();
}

// Until it has finished its part. One that has not begun need not wake up for it: on a machine with
// fewer free cores than threads that would take longer than the tasks.
//
// It may not have begun because it stands in line behind this very thread, or take turns with it.
// In a virtual machine, Linux wakes threads on the processor of the one that wakes them when the
// other processors have slept for some milliseconds: it takes them for stolen by the host. One
// processor then does all the work until the kernel balances its load (bench_thread_pool shows
// it). So such a thread keeps off the caller's processor from now on.
void ThreadPool::wait_for(Worker& worker) const {
  std::uint32_t state = Worker::asked;
  bool shares = false;
  if (worker.state.compare_exchange_strong(state, Worker::idle, std::memory_order_acquire)) {
    shares = spreads_ && has_waited_long(worker.asked_at);
  } else {
    const auto is_done = [&] {
      return worker.state.load(std::memory_order_acquire) == Worker::idle;
    };
    if (!spin_until(is_done)) worker.state.wait(Worker::running, std::memory_order_acquire);
    shares = worker.shares_processor.exchange(false, std::memory_order_relaxed);
  }
  if (shares) worker.avoided.store(current_processor(), std::memory_order_relaxed);
}

void ThreadPool::run_tasks(int thread) {
  for (;;) {
    const std::size_t index = next_.fetch_add(1, std::memory_order_relaxed);
    if (index >= count_) return;
    try {
      (*task_)(index, thread);
    } catch (...) {
      const std::lock_guard lock(error_mutex_);
      if (!error_) error_ = std::current_exception();
    }
  }
}

void ThreadPool::parallel_for(std::size_t count, const Task& task) {
  if (count == 0) return;
  const SingleOpenMpThread single;
  task_ = &task;
  count_ = count;
  next_.store(0, std::memory_order_relaxed);
  error_ = nullptr;
  const std::span taking_part(workers_.data(), std::min(count - 1, threads_.size()));
  for (Worker& worker : taking_part) ask(worker);
  run_tasks(0);
  for (Worker& worker : taking_part) wait_for(worker);
  if (error_) std::rethrow_exception(error_);
}

}  // namespace blip
