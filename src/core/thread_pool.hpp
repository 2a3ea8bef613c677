// ThreadPool: fork-join over a fixed set of threads, the calling one included.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace blip {

class ThreadPool {
 public:
  /// `num_threads` >= 1 counts the thread that calls parallel_for.
  explicit ThreadPool(int num_threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  [[nodiscard]] int num_threads() const noexcept { return static_cast<int>(workers_.size()) + 1; }

  /// task(index, thread): `thread` in [0, num_threads()) tells which thread runs it, so that each
  /// can have memory of its own.
  using Task = std::function<void(std::size_t index, int thread)>;

  /// Calls task(0, …) … task(count - 1, …), each once, and returns when all are done. Tasks are
  /// handed out one by one in order, so uneven ones balance. The first exception a task throws is
  /// rethrown here after the others have finished. Not reentrant.
  void parallel_for(std::size_t count, const Task& task);

 private:
  void work(int thread);
  void run_tasks(int thread);

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  std::atomic<std::uint64_t> generation_{0};  // counts jobs, so that a worker sees a new one
  std::atomic<int> busy_{0};                  // workers that have not finished the current job
  bool stopping_ = false;

  const Task* task_ = nullptr;
  std::size_t count_ = 0;
  std::atomic<std::size_t> next_{0};
  std::exception_ptr error_;
};

}  // namespace blip
