// Job: a task on its way through the engine.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string_view>

#include "serve/engine/encoded_picture.hpp"
#include "serve/engine/engine.hpp"
#include "serve/engine/model_parts.hpp"

namespace blip::serve {

using Clock = std::chrono::steady_clock;

/// Its stages belong to one thread after the other; what may be called by any is marked.
class Job {
 public:
  Job(TaskId id, Task&& task, TaskCallbacks&& callbacks);

  // From any thread.

  /// Calls on_done, unless the job is over. Whether it was called.
  bool finish(TaskOutcome outcome);
  /// From now on nothing is called. Waits for a call that another thread is in.
  /// Whether the job was not over before.
  bool silence();
  [[nodiscard]] bool is_over() const noexcept { return over_.load(std::memory_order_acquire); }
  /// Stopped when it is over.
  [[nodiscard]] std::stop_token stop_token() const { return stop_.get_token(); }

  [[nodiscard]] bool wants_text() const noexcept { return wants_text_; }
  void tell(std::string_view piece);

  const TaskId id;
  Task task;
  const TaskKind kind;
  const Clock::time_point submitted = Clock::now();

  std::size_t model = 0;  ///< which of the engine's
  Part part{};            ///< of the model, that does it
  std::size_t bytes = 0;  ///< of its picture
  std::optional<EncodedPicture> picture;
  std::optional<PictureKey> key;  ///< of the picture, once it is known
  bool is_admitted = false;       ///< guarded by EngineState::mutex, as the next one
  bool is_preparing = false;

  std::chrono::nanoseconds load_time{};
  Clock::time_point admitted{};  ///< when work on it began
  Clock::time_point text_began{};

 private:
  std::recursive_mutex mutex_;  // held during a callback, which may call Engine::cancel
  TaskCallbacks callbacks_;
  bool wants_text_;
  std::atomic<bool> over_ = false;
  std::stop_source stop_;
};

using JobPointer = std::shared_ptr<Job>;

}  // namespace blip::serve
