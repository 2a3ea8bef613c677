#include "serve/engine/engine_state.hpp"

#include <algorithm>

#include "blip/error.hpp"
#include "serve/engine/task_failure.hpp"

namespace blip::serve {
namespace {

EngineOptions checked(EngineOptions options) {
  const auto require = [](bool sound, const char* what) {
    if (!sound) throw Error(ErrorCode::invalid_argument, what);
  };
  require(!options.models.empty(), "no model to serve");
  require(options.max_batch > 0, "the batch size must be positive");
  require(options.max_rows > 0, "the number of rows must be positive");
  require(options.queue_limit > 0, "the queue must have room for a task");
  require(options.max_wait.count() >= 0, "the time that pictures wait must not be negative");
  require(options.max_pixels > 0, "the limit of pixels must be positive");
  return options;
}

// More only fill the memory with decoded pictures.
constexpr std::size_t kMostReaders = 8;

}  // namespace

std::optional<Part> ModelState::missing_part() const {
  for (std::size_t i = 0; i < kParts; ++i) {
    const auto part = static_cast<Part>(i);
    if (waiting.size(part) > 0 && !parts.has(part)) return part;
  }
  return std::nullopt;
}

bool ModelState::can_admit() const {
  return !waiting.empty() && !makes_room && !is_damaged && is_loaded() && !missing_part();
}

EngineState::EngineState(EngineOptions engine_options)
    : options(checked(std::move(engine_options))),
      catalog(options),
      context({.num_threads = options.num_threads}),
      readers(std::min<std::size_t>(static_cast<std::size_t>(context.num_threads()), kMostReaders)),
      models(catalog.models().size()),
      cache(options.cache_bytes) {}

bool EngineState::end(Job& job, std::optional<FailureKind> failure) {
  if (std::exchange(job.is_ended, true)) return false;
  metrics.count_task(job.kind, failure);
  if (!failure) {
    metrics.task_seconds.observe(
        std::chrono::duration<double>(Clock::now() - job.submitted).count());
  }
  if (job.task.deadline) deadlines.erase({*job.task.deadline, job.id});
  return true;
}

void EngineState::drop_bytes(Job& job) {
  held_bytes -= job.bytes;
  job.bytes = 0;
}

void EngineState::leave_preparing(Job& job) {
  if (!job.is_preparing) return;
  job.is_preparing = false;
  --models[job.model].preparing;
  for_readers.notify_one();
}

void EngineState::release(Job& job) {
  leave_preparing(job);
  drop_bytes(job);
  if (!job.is_admitted) return;
  job.is_admitted = false;
  ModelState& model = models[job.model];
  model.last_used = Clock::now();
  --model.admitted;
  // Another model may be waiting for its memory.
  if (model.admitted == 0 || options.memory > 0) for_loading.notify_all();
}

void EngineState::make_ready(const JobPointer& job) {
  ModelState& model = models[job->model];
  const auto* answer = std::get_if<AnswerTask>(&job->task.input);
  const auto* explain = std::get_if<ExplainTask>(&job->task.input);
  const bool is_text = job->kind == TaskKind::caption ||
                       (answer != nullptr && answer->answers.empty()) ||
                       (explain != nullptr && explain->text.empty());
  (is_text ? model.ready_texts : model.ready_others).push_back(job);
  for_computing.notify_one();
}

std::size_t EngineState::num_in_flight() const {
  std::size_t sum = 0;
  for (const ModelState& model : models) sum += model.admitted;
  return sum;
}

void EngineState::finish(const JobPointer& job, TaskOutcome outcome) {
  {
    const std::lock_guard lock(mutex);
    if (std::holds_alternative<TaskResult>(outcome) && is_newly_damaged()) outcome = file_was_cut();
    const auto* failure = std::get_if<TaskFailure>(&outcome);
    if (!end(*job, failure != nullptr ? std::optional(failure->kind) : std::nullopt)) return;
  }
  job->finish(std::move(outcome));
  const std::lock_guard lock(mutex);
  jobs.erase(job->id);
}

void EngineState::finish_admitted(const JobPointer& job, TaskOutcome outcome) {
  finish(job, std::move(outcome));
  const std::lock_guard lock(mutex);
  release(*job);
}

void EngineState::log(std::string_view line) const {
  if (options.log) options.log(line);
}

}  // namespace blip::serve
