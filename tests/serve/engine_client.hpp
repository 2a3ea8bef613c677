// A client of the engine: hands tasks in, waits for what comes of them.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "serve/engine/engine.hpp"

namespace blip::serve {

/// What an engine has told of some tasks.
class EngineClient {
 public:
  struct Told {
    std::optional<TaskOutcome> outcome;
    std::string text;  ///< the pieces together
    int pieces = 0;
    int calls_after_the_end = 0;
  };

  explicit EngineClient(Engine& engine) : engine_(engine) {}

  /// Hands the task in as number `number`.
  TaskId submit(std::size_t number, Task task) {
    return engine_.submit(std::move(task), callbacks(number));
  }
  TaskOutcome run(Task task) {
    const std::size_t number = next_++;
    submit(number, std::move(task));
    return wait(number);
  }
  TaskOutcome wait(std::size_t number) {
    std::unique_lock lock(mutex_);
    told_something_.wait(lock, [&] { return told_[number].outcome.has_value(); });
    return *told_[number].outcome;
  }
  [[nodiscard]] bool has_ended(std::size_t number) {
    const std::lock_guard lock(mutex_);
    return told_[number].outcome.has_value();
  }
  Told told(std::size_t number) {
    const std::lock_guard lock(mutex_);
    return told_[number];
  }

 private:
  TaskCallbacks callbacks(std::size_t number) {
    TaskCallbacks callbacks;
    callbacks.on_text = [this, number](std::string_view piece) {
      const std::lock_guard lock(mutex_);
      Told& told = told_[number];
      if (told.outcome) ++told.calls_after_the_end;
      told.text += piece;
      ++told.pieces;
    };
    callbacks.on_done = [this, number](TaskOutcome outcome) {
      const std::lock_guard lock(mutex_);
      Told& told = told_[number];
      if (told.outcome) ++told.calls_after_the_end;
      told.outcome = std::move(outcome);
      told_something_.notify_all();
    };
    return callbacks;
  }

  Engine& engine_;
  std::mutex mutex_;
  std::condition_variable told_something_;
  std::map<std::size_t, Told> told_;
  std::size_t next_ = std::size_t{1} << 32;
};

}  // namespace blip::serve
