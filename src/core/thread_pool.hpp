// ThreadPool: fork-join over a fixed set of threads, the calling one included.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace blip {

/// As long as it lives, oneDNN, which is built with OpenMP, stays on the thread that made it. Puts
/// that thread's setting back afterwards: the caller may be inside an OpenMP program of its own.
class SingleOpenMpThread {
 public:
  SingleOpenMpThread();
  ~SingleOpenMpThread();
  SingleOpenMpThread(const SingleOpenMpThread&) = delete;
  SingleOpenMpThread& operator=(const SingleOpenMpThread&) = delete;

 private:
  int before_;
};

class ThreadPool {
 public:
  /// `num_threads` >= 1 counts the thread that calls parallel_for.
  explicit ThreadPool(int num_threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  [[nodiscard]] int num_threads() const noexcept { return static_cast<int>(threads_.size()) + 1; }

  /// task(index, thread): `thread` in [0, num_threads()) tells which thread runs it, so that each
  /// can have memory of its own.
  using Task = std::function<void(std::size_t index, int thread)>;

  /// Calls task(0, …) … task(count - 1, …), each once, and returns when all are done. Tasks are
  /// handed out one by one in order, so uneven ones balance. The first exception a task throws is
  /// rethrown here after the others have finished. Not reentrant.
  void parallel_for(std::size_t count, const Task& task);

 private:
  // What a worker and the caller tell each other. In a line of its own, as each is polled.
  struct alignas(64) Worker {
    enum State : std::uint32_t {
      idle,      // waits for a job
      asked,     // may take part in the caller's job, which takes it back if that is done before
      running,   // takes part
      stopping,  // ends
    };
    std::atomic<std::uint32_t> state = idle;
    std::chrono::steady_clock::time_point asked_at;
    int asked_from = -1;                         // the processor of the caller
    std::atomic<bool> shares_processor = false;  // with the caller
    std::atomic<int> avoided = -1;               // the processor that it is to keep off; -1: none
  };

  void work(Worker& self, int thread);
  void run_tasks(int thread);
  void ask(Worker& worker) const;
  void wait_for(Worker& worker) const;

  std::vector<Worker> workers_;
  bool spreads_ = false;  // there is a processor for each thread

  const Task* task_ = nullptr;
  std::size_t count_ = 0;
  std::atomic<std::size_t> next_{0};
  std::mutex error_mutex_;
  std::exception_ptr error_;

  std::vector<std::jthread>
      threads_;  // as many as could be started; last: they use all of the above
};

}  // namespace blip
