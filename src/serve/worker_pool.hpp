// WorkerPool: threads for what would make the server's own thread wait: large bodies, fetching.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace blip::serve {

class WorkerPool {
 public:
  WorkerPool(std::size_t num_threads, std::size_t max_waiting);
  /// Ends what is being done; what waits is dropped.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// False if too many jobs wait. What `job` throws is lost.
  [[nodiscard]] bool try_post(std::function<void()> job);
  /// However many wait: for what ends a job that was taken.
  void post(std::function<void()> job);

 private:
  void work(const std::stop_token& stop);

  std::size_t max_waiting_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::function<void()>> jobs_;
  std::vector<std::jthread> threads_;
};

}  // namespace blip::serve
