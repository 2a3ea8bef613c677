#include "serve/engine/turn.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "blip/error.hpp"
#include "serve/engine/picture_tasks.hpp"

namespace blip::serve {

Turn::Turn(EngineState& state, std::size_t model)
    : state_(state), index_(model), model_(state.models[model]) {
  const std::lock_guard lock(state.mutex);
  parts_ = model_.parts;
}

// The next one that is not over; null: there is none. The mutex is held.
JobPointer Turn::take(std::deque<JobPointer>& jobs) {
  parts_ = model_.parts;
  while (!jobs.empty()) {
    JobPointer job = std::move(jobs.front());
    jobs.pop_front();
    if (!job->is_over()) {
      state_.leave_preparing(*job);
      job->text_began = Clock::now();
      return job;
    }
    state_.release(*job);
  }
  return nullptr;
}

void Turn::do_another(const app::Pause& pause) {
  JobPointer job;
  {
    const std::lock_guard lock(state_.mutex);
    job = take(model_.ready_others);
  }
  if (job) do_job(job, pause);
}

void Turn::do_short_one() {
  JobPointer job;
  {
    const std::lock_guard lock(state_.mutex);
    auto& others = model_.ready_others;
    const auto found = std::ranges::find_if(
        others, [](const JobPointer& each) { return is_short(each->task.input); });
    if (found == others.end()) return;
    std::rotate(others.begin(), found, found + 1);
    job = take(others);
    if (job && !is_short(job->task.input)) {  // the short one was over
      others.push_front(std::move(job));
      return;
    }
  }
  if (job) do_job(job, {});
}

void Turn::do_job(const JobPointer& job, const app::Pause& pause) {
  const auto pause_unless_over = [&] {
    // Nobody wants the rest of it.
    if (job->is_over()) throw Error(ErrorCode::cancelled, "the task is over");
    if (pause) pause();
  };
  try {
    PictureTaskValue value =
        do_picture_task(*job, parts_, catalog(), state_.options, state_.context, pause_unless_over);
    if (auto* explanation = std::get_if<app::Explanation>(&value)) {
      paint(job, std::move(*explanation));
    } else {
      done(job, std::get<decltype(TaskResult::value)>(std::move(value)));
    }
  } catch (...) {
    state_.finish_admitted(job, failure_of_model(std::current_exception()));
  }
}

void Turn::done(const JobPointer& job, decltype(TaskResult::value) value) {
  const Clock::time_point now = Clock::now();
  TaskResult result{.model = catalog().status.name, .value = std::move(value)};
  const bool is_text = std::holds_alternative<TextResult>(result.value);
  result.load_time = job->load_time;
  result.queue_time = job->admitted - job->submitted - job->load_time;
  result.prompt_time = (is_text ? job->text_began : now) - job->admitted;
  if (is_text) result.generate_time = now - job->text_began;
  {
    const std::lock_guard lock(state_.mutex);
    state_.metrics.text_seconds.observe(
        std::chrono::duration<double>(now - job->text_began).count());
    if (const auto* embedding = std::get_if<EmbeddingResult>(&result.value)) {
      model_.embedding_size = static_cast<int>(embedding->embeddings.shape[1]);
    }
    // Text models have read the picture: what is remembered of it has grown.
    if (job->key) state_.cache.measure(*job->key);
  }
  state_.finish_admitted(job, std::move(result));
}

void Turn::paint(const JobPointer& job, app::Explanation explanation) {
  {
    const std::lock_guard lock(state_.mutex);
    if (job->key) state_.cache.measure(*job->key);
    state_.paintings.push_back({job, std::move(explanation)});
  }
  state_.for_readers.notify_one();
}

}  // namespace blip::serve
