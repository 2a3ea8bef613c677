// Engine: does tasks with models. What the server sees of the scheduler.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/engine/engine_metrics.hpp"
#include "serve/engine/task.hpp"
#include "serve/engine/task_kind.hpp"

namespace blip::serve {

struct ModelStatus {
  std::string name;  ///< by which clients ask for it
  std::string architecture;
  std::string weight_type;  ///< "int8", "float16"…; empty before it is loaded
  std::vector<TaskKind> tasks;
  std::vector<std::string> aliases;  ///< other names of it
  std::uint64_t size = 0;            ///< of its weights' file in bytes
  std::uint64_t parameters = 0;
  std::string digest;  ///< 64 hexadecimal digits that tell its file's content
  std::chrono::system_clock::time_point modified{};
  int embedding_size = 0;  ///< D; 0 if it has no embeddings
  int max_tokens = 0;      ///< the longest text; 0 if it reads none
  bool loaded = false;
  /// When it is unloaded if nobody uses it; nothing if it stays.
  std::optional<std::chrono::system_clock::time_point> expires = {};
};

struct EngineStatus {
  std::vector<ModelStatus> models;
  std::size_t queued = 0;     ///< tasks that wait
  std::size_t in_flight = 0;  ///< tasks that models work on
  std::size_t queue_limit = 0;
  bool ready = false;  ///< models that are to be loaded at start are loaded
  bool draining = false;
};

/// What happens to a task. Called on threads of the engine, one at a time for a task, and must not
/// block. Nothing is called after on_done, nor after Engine::cancel has returned.
struct TaskCallbacks {
  /// A piece of the text of a caption or an answer, as soon as it is decided; together they are the
  /// text of the first result. Empty: nobody listens.
  std::function<void(std::string_view piece)> on_text = {};
  std::function<void(TaskOutcome outcome)> on_done;
};

enum class TaskId : std::uint64_t {};

/// Safe to call from many threads at once. Throws nothing but std::bad_alloc.
class Engine {
 public:
  Engine() = default;
  virtual ~Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Takes the task, or calls on_done with a failure at once (queue_full, model_not_found,
  /// draining).
  virtual TaskId submit(Task task, TaskCallbacks callbacks) = 0;
  /// Forgets the task. Its callbacks are not called again.
  virtual void cancel(TaskId id) = 0;
  /// Takes no more tasks; those that are there are done. All are once nothing is queued nor in
  /// flight.
  virtual void drain() {}

  [[nodiscard]] virtual EngineStatus status() const = 0;
  [[nodiscard]] virtual EngineMetrics metrics() const { return {}; }
};

}  // namespace blip::serve
