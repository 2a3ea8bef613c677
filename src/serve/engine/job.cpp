#include "serve/engine/job.hpp"

#include <utility>

namespace blip::serve {

Job::Job(TaskId new_id, Task&& new_task, TaskCallbacks&& callbacks)
    : id(new_id),
      task(std::move(new_task)),
      kind(kind_of(task.input)),
      callbacks_(std::move(callbacks)),
      wants_text_(static_cast<bool>(callbacks_.on_text)) {}

bool Job::finish(TaskOutcome outcome) {
  const std::lock_guard lock(mutex_);
  if (over_.exchange(true)) return false;
  stop_.request_stop();
  const TaskCallbacks callbacks = std::exchange(callbacks_, {});
  if (callbacks.on_done) callbacks.on_done(std::move(outcome));
  return true;
}

bool Job::silence() {
  const std::lock_guard lock(mutex_);
  if (over_.exchange(true)) return false;
  stop_.request_stop();
  return true;
}

void Job::tell(std::string_view piece) {
  const std::lock_guard lock(mutex_);
  if (is_over() || piece.empty()) return;
  callbacks_.on_text(piece);
}

}  // namespace blip::serve
