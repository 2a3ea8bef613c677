#include "serve/worker_pool.hpp"

#include <exception>
#include <utility>

namespace blip::serve {

WorkerPool::WorkerPool(std::size_t num_threads, std::size_t max_waiting)
    : max_waiting_(max_waiting) {
  for (std::size_t i = 0; i < num_threads; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
}

WorkerPool::~WorkerPool() {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
}

bool WorkerPool::try_post(std::function<void()> job) {
  const std::lock_guard lock(mutex_);
  if (jobs_.size() >= max_waiting_) return false;
  jobs_.push_back(std::move(job));
  changed_.notify_one();
  return true;
}

void WorkerPool::post(std::function<void()> job) {
  const std::lock_guard lock(mutex_);
  jobs_.push_back(std::move(job));
  changed_.notify_one();
}

void WorkerPool::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, stop, [this] { return !jobs_.empty(); });
    if (stop.stop_requested()) return;
    {
      const std::function<void()> job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      try {
        job();
      } catch (const std::exception&) {
        // Not even an error could be answered for want of memory. Its client waits until it gives
        // up; all others go on.
      }
    }
    lock.lock();
  }
}

}  // namespace blip::serve
