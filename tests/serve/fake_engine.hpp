// FakeEngine: does no task by itself; a test says what becomes of each.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "serve/engine/engine.hpp"

namespace blip::serve {

class FakeEngine final : public Engine {
 public:
  TaskId submit(Task task, TaskCallbacks callbacks) override {
    std::unique_lock lock(mutex_);
    const TaskId id{++last_id_};
    if (answers_at_once) {
      lock.unlock();
      callbacks.on_done(text_result(at_once_text));
      return id;
    }
    tasks_.emplace(id, Entry{std::move(task), std::move(callbacks)});
    ++submitted_;
    changed_.notify_all();
    return id;
  }

  void cancel(TaskId id) override {
    const std::lock_guard lock(mutex_);
    if (tasks_.erase(id) > 0) ++cancelled_;
    changed_.notify_all();
  }

  [[nodiscard]] EngineStatus status() const override {
    const std::lock_guard lock(mutex_);
    EngineStatus status;
    status.ready = ready;
    status.queued = queued;
    status.queue_limit = 10;
    return status;
  }

  static TaskOutcome text_result(const std::string& text) {
    TaskResult result;
    result.model = "fake";
    TextResult value;
    value.texts.push_back({.text = text, .score = {}});
    result.value = std::move(value);
    return result;
  }

  /// Waits until `count` tasks have been submitted in all.
  void wait_for_tasks(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return submitted_ >= count; });
  }
  void wait_for_cancellations(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return cancelled_ >= count; });
  }
  // Of the oldest task that is not done; nothing happens if there is none. Its callbacks are called
  // without a lock.
  void say(const std::string& piece) {
    if (const auto entry = oldest(false)) entry->callbacks.on_text(piece);
  }
  void finish(TaskOutcome outcome) {
    if (const auto entry = oldest(true)) entry->callbacks.on_done(std::move(outcome));
  }
  [[nodiscard]] Task oldest_task() { return oldest(false).value().task; }
  [[nodiscard]] std::size_t num_waiting() const {
    const std::lock_guard lock(mutex_);
    return tasks_.size();
  }

  // Set before the server starts, or changed under no request.
  bool ready = true;
  std::size_t queued = 0;
  bool answers_at_once = false;
  std::string at_once_text = "a cat";

 private:
  struct Entry {
    Task task;
    TaskCallbacks callbacks;
  };
  std::optional<Entry> oldest(bool take) {
    const std::lock_guard lock(mutex_);
    if (tasks_.empty()) return std::nullopt;
    std::optional<Entry> entry = tasks_.begin()->second;
    if (take) tasks_.erase(tasks_.begin());
    return entry;
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<TaskId, Entry> tasks_;
  std::uint64_t last_id_ = 0;
  std::size_t submitted_ = 0;
  std::size_t cancelled_ = 0;
};

}  // namespace blip::serve
