#include "serve/engine/scheduler.hpp"

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "blip/error.hpp"
#include "serve/engine/engine_state.hpp"
#include "serve/engine/insist.hpp"
#include "serve/engine/picture_tasks.hpp"
#include "serve/engine/task_failure.hpp"

namespace blip::serve {
namespace {

class Scheduler final : public Engine {
 public:
  explicit Scheduler(EngineOptions options) : state_(std::move(options)) {
    try {
      start(load_models);
      start(watch_deadlines);
      start(compute);
      for (std::size_t i = 0; i < state_.readers; ++i) start(read_pictures);
    } catch (...) {
      stop();
      throw;
    }
  }

  ~Scheduler() override {
    stop();
    std::vector<JobPointer> left;
    for (const auto& [id, job] : state_.jobs) left.push_back(job);
    for (const JobPointer& job : left) {
      state_.finish(job, TaskFailure{FailureKind::draining, "the server stops"});
    }
  }

  TaskId submit(Task task, TaskCallbacks callbacks) override;
  void cancel(TaskId id) override;
  void drain() override;
  [[nodiscard]] EngineStatus status() const override;
  [[nodiscard]] EngineMetrics metrics() const override;

 private:
  // What was at hand when there was no memory is lost to its deadline; the thread goes on.
  void start(void (*work)(EngineState& state)) {
    threads_.emplace_back([this, work] { insist([&] { work(state_); }); });
  }
  void stop();
  // Puts the job into its queue, or says why not. The mutex is held.
  std::optional<TaskFailure> enqueue(const JobPointer& job);
  std::optional<TaskFailure> accept(const JobPointer& job);

  mutable EngineState state_;
  std::vector<std::jthread> threads_;  // last: they use the state
};

void Scheduler::stop() {
  {
    const std::lock_guard lock(state_.mutex);
    state_.is_stopping = true;
    state_.is_draining = true;
  }
  state_.for_readers.notify_all();
  state_.for_computing.notify_all();
  state_.for_loading.notify_all();
  state_.for_deadlines.notify_all();
  threads_.clear();  // joins them
}

TaskId Scheduler::submit(Task task, TaskCallbacks callbacks) {
  TaskId id{};
  {
    const std::lock_guard lock(state_.mutex);
    id = TaskId{state_.next_id++};
  }
  const auto job = std::make_shared<Job>(id, std::move(task), std::move(callbacks));
  if (auto failure = accept(job)) {
    {
      const std::lock_guard lock(state_.mutex);
      state_.metrics.count_task(job->kind, failure->kind);
    }
    job->finish(*std::move(failure));
    return id;
  }
  state_.for_readers.notify_one();
  return id;
}

std::optional<TaskFailure> Scheduler::accept(const JobPointer& job) {
  auto choice = state_.catalog.choose(job->task);
  if (auto* failure = std::get_if<TaskFailure>(&choice)) return std::move(*failure);
  const auto& chosen = std::get<ModelCatalog::Choice>(choice);
  job->model = chosen.model;
  job->part = chosen.part;
  try {
    require_sound(job->task.input);
  } catch (const Error&) {
    return failure_of_model(std::current_exception());
  }
  if (const Picture* picture = picture_of(job->task.input)) {
    if (const auto* file = std::get_if<PictureBytes>(picture)) job->bytes = file->bytes.size();
  }
  const std::lock_guard lock(state_.mutex);
  return enqueue(job);
}

std::optional<TaskFailure> Scheduler::enqueue(const JobPointer& job) {
  if (state_.is_draining) return TaskFailure{FailureKind::draining, "the server stops"};
  if (job->task.deadline && *job->task.deadline <= Clock::now()) {
    return TaskFailure{FailureKind::timed_out, "the task's time was over before it began"};
  }
  const bool is_full = state_.num_waiting >= state_.options.queue_limit && !job->task.is_patient;
  if (is_full ||
      (state_.held_bytes > 0 && state_.held_bytes + job->bytes > state_.options.queue_bytes)) {
    return TaskFailure{FailureKind::queue_full, "the queue is full; try again later"};
  }
  ModelState& model = state_.models[job->model];
  state_.jobs.emplace(job->id, job);
  try {
    if (job->task.deadline) state_.deadlines.insert({*job->task.deadline, job->id});
    model.waiting.push(job);
  } catch (...) {
    state_.jobs.erase(job->id);
    if (job->task.deadline) state_.deadlines.erase({*job->task.deadline, job->id});
    throw;
  }
  ++state_.num_waiting;
  state_.held_bytes += job->bytes;
  if (model.missing_part()) state_.for_loading.notify_one();
  if (job->task.deadline && state_.deadlines.begin()->second == job->id) {
    state_.for_deadlines.notify_one();
  }
  return std::nullopt;
}

// A job that waits is out of its queue; one that is worked on is dropped by whoever does that.
void withdraw(EngineState& state, Job& job) {
  if (!state.models[job.model].waiting.remove(job)) return;
  --state.num_waiting;
  state.drop_bytes(job);
  state.for_loading.notify_one();  // nobody may want its model any more
}

void Scheduler::cancel(TaskId id) {
  JobPointer job;
  {
    const std::lock_guard lock(state_.mutex);
    const auto found = state_.jobs.find(id);
    if (found == state_.jobs.end()) return;
    job = found->second;
    if (state_.end(*job, FailureKind::cancelled)) {
      withdraw(state_, *job);
      state_.jobs.erase(id);
    }
  }
  job->silence();
}

void Scheduler::drain() {
  const std::lock_guard lock(state_.mutex);
  state_.is_draining = true;
}

EngineStatus Scheduler::status() const {
  const std::lock_guard lock(state_.mutex);
  EngineStatus status{.models = {},
                      .queued = state_.num_waiting,
                      .in_flight = state_.num_in_flight(),
                      .queue_limit = state_.options.queue_limit,
                      .ready = true,
                      .draining = state_.is_draining};
  const auto steady_now = Clock::now();
  const auto now = std::chrono::system_clock::now();
  for (std::size_t i = 0; i < state_.models.size(); ++i) {
    const ModelState& model = state_.models[i];
    const CatalogModel& known = state_.catalog.models()[i];
    status.models.push_back(known.status);
    ModelStatus& told = status.models.back();
    told.loaded = model.is_loaded();
    if (model.embedding_size > 0) told.embedding_size = model.embedding_size;
    if (told.loaded && state_.options.keep_alive) {
      told.expires = now + std::chrono::duration_cast<std::chrono::system_clock::duration>(
                               model.last_used + *state_.options.keep_alive - steady_now);
    }
    if (known.preload && !model.was_preloaded) status.ready = false;
  }
  return status;
}

EngineMetrics Scheduler::metrics() const {
  const std::lock_guard lock(state_.mutex);
  EngineMetrics metrics = state_.metrics;
  metrics.cache_bytes = state_.cache.bytes();
  return metrics;
}

}  // namespace

void watch_deadlines(EngineState& state) {
  std::unique_lock lock(state.mutex);
  while (!state.is_stopping) {
    if (state.deadlines.empty()) {
      state.for_deadlines.wait(lock);
      continue;
    }
    const auto [time, id] = *state.deadlines.begin();
    if (time > Clock::now()) {
      state.for_deadlines.wait_until(lock, time);
      continue;
    }
    state.deadlines.erase(state.deadlines.begin());
    const auto found = state.jobs.find(id);
    if (found == state.jobs.end()) continue;
    const JobPointer job = found->second;
    withdraw(state, *job);
    lock.unlock();
    insist([&] {
      state.finish(job, TaskFailure{FailureKind::timed_out, "the task's time is over"});
    });
    lock.lock();
  }
}

std::unique_ptr<Engine> make_engine(EngineOptions options) {
  return std::make_unique<Scheduler>(std::move(options));
}

}  // namespace blip::serve
