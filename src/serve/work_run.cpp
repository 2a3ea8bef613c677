#include "serve/work_run.hpp"

#include <algorithm>
#include <map>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "blip/error.hpp"
#include "serve/engine/insist.hpp"
#include "serve/picture_source.hpp"
#include "serve/worker_pool.hpp"

namespace blip::serve {
namespace {

constexpr int kClientLeft = 499;

TaskFailure failure_of(const Error& error) {
  switch (error.code()) {
    case ErrorCode::limit_exceeded:
      return {FailureKind::too_large, error.what()};
    case ErrorCode::network:
      return {FailureKind::bad_image, error.what()};
    default:
      return {FailureKind::bad_request, error.what()};
  }
}

// Equal for pictures that are at one place. `picture`: not bytes.
std::string place_of(const Picture& picture) {
  const auto* url = std::get_if<PictureUrl>(&picture);
  return url != nullptr ? "url " + url->url : "path " + std::get<PicturePath>(picture).path;
}

bool is_failure(const TaskOutcome& outcome) {
  return std::holds_alternative<TaskFailure>(outcome);
}

}  // namespace

WorkRun::WorkRun(const WorkContext& context, Exchange exchange, Decorate decorate, Done done)
    : context_(context),
      exchange_(std::move(exchange)),
      decorate_(std::move(decorate)),
      done_(std::move(done)) {}

void WorkRun::respond(HttpResponse response, std::string_view api) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(ended_, true)) return;
    report_.api = api;
  }
  decorate_(response.headers);
  // First: who has the answer finds it counted.
  report(response.status);
  exchange_.respond(std::move(response));
}

bool WorkRun::look_up(Lookup lookup, std::string_view api) {
  return context_.looking.try_post([self = shared_from_this(), lookup = std::move(lookup), api] {
    {
      const std::lock_guard lock(self->mutex_);
      // The client has gone on, as people do who scroll.
      if (self->ended_ && !lookup.writes) return;
    }
    HttpResponse response;
    try {
      response = lookup.respond();
    } catch (const std::exception&) {
      response = HttpResponse::json(500, R"({"error":"the answer cannot be written"})");
    }
    self->respond(std::move(response), api);
  });
}

void WorkRun::start(Work work, std::string_view api) {
  const std::size_t count = work.tasks.size();
  {
    const std::lock_guard lock(mutex_);
    if (ended_) return;
    work_ = std::move(work);
    report_.api = api;
    ids_.resize(count);
    received_.resize(count);
    outcomes_.reserve(count);  // what was done can then be answered
    missing_ = count;
    report_.task = name_of(kind_of(work_.tasks.front().input));
    for (const Task& task : work_.tasks) {
      if (picture_of(task.input) != nullptr) ++report_.images;
    }
  }
  if (work_.stream) {
    StreamHead head{.headers = work_.stream->headers,
                    .begin = work_.stream->begin ? work_.stream->begin() : "",
                    .keep_alive = work_.stream->keep_alive};
    decorate_(head.headers);
    exchange_.prepare_stream(std::move(head));
  }
  // A picture that several tasks look at is fetched once: they must see the same.
  std::map<std::string, std::vector<std::size_t>> elsewhere;
  for (std::size_t i = 0; i < count; ++i) {
    const Picture* picture = picture_of(work_.tasks[i].input);
    if (picture == nullptr || !PictureSource::is_elsewhere(*picture)) {
      submit(i);
    } else {
      elsewhere[place_of(*picture)].push_back(i);
    }
  }
  for (auto& [place, tasks] : elsewhere) {
    if (context_.fetching.try_post(
            [self = shared_from_this(), tasks = tasks] { self->resolve_and_submit(tasks); })) {
      continue;
    }
    for (const std::size_t i : tasks) {
      take_outcome(i, TaskFailure{FailureKind::queue_full, "too many images are being fetched"});
    }
  }
}

void WorkRun::resolve_and_submit(const std::vector<std::size_t>& tasks) {
  {
    const std::lock_guard lock(mutex_);
    if (ended_) return;
  }
  const TaskFailure no_memory = {FailureKind::internal, "not enough memory"};
  std::optional<TaskFailure> failure;
  Picture picture = *picture_of(work_.tasks[tasks.front()].input);
  try {
    context_.pictures.resolve(picture);
  } catch (const Error& error) {
    failure = failure_of(error);
  } catch (const std::exception&) {
    failure = no_memory;
  }
  for (const std::size_t i : tasks) {
    if (failure) {
      take_outcome(i, *failure);
      continue;
    }
    try {
      *picture_of(work_.tasks[i].input) = picture;
      submit(i);
    } catch (const std::exception&) {
      take_outcome(i, no_memory);
    }
  }
}

void WorkRun::submit(std::size_t index) {
  TaskCallbacks callbacks;
  if (index == 0 && work_.stream && work_.stream->piece) {
    callbacks.on_text = [self = shared_from_this()](std::string_view piece) {
      self->exchange_.write(self->work_.stream->piece(piece));
    };
  }
  callbacks.on_done = [self = shared_from_this(), index](TaskOutcome outcome) {
    self->take_outcome(index, std::move(outcome));
  };
  const TaskId id = context_.engine.submit(std::move(work_.tasks[index]), std::move(callbacks));
  bool too_late = false;
  {
    const std::lock_guard lock(mutex_);
    ids_[index] = id;
    too_late = ended_ && !received_[index];
  }
  if (too_late) context_.engine.cancel(id);
}

void WorkRun::take_outcome(std::size_t index, TaskOutcome outcome) {
  {
    const std::lock_guard lock(mutex_);
    if (ended_ || received_[index]) return;
    const bool ends_stream = work_.stream && index == 0 && is_failure(outcome);
    if (const auto* result = std::get_if<TaskResult>(&outcome)) {
      if (report_.model.empty()) report_.model = result->model;
      report_.queue_time = std::max(report_.queue_time, result->queue_time);
    }
    received_[index] = std::move(outcome);
    if (--missing_ > 0 && !ends_stream) return;
    ended_ = true;
    for (auto& each : received_) {
      outcomes_.push_back(each ? std::move(*each)
                               : TaskOutcome(TaskFailure{FailureKind::cancelled, "not done"}));
    }
  }
  // Not on a thread of the engine: a response may be long, and tasks must not be cancelled there.
  WorkerPool& pool = work_.looks_up ? context_.looking : context_.planning;
  insist([&] {
    pool.post([self = shared_from_this()] {
      if (self->missing_ > 0) self->cancel_tasks();
      self->finish();
    });
  });
}

void WorkRun::finish() {
  if (!work_.stream) {
    HttpResponse response = response_to_outcomes();
    report(response.status);
    exchange_.respond(std::move(response));
    return;
  }
  exchange_.settle([self = shared_from_this()](bool begun) { return self->end_of_stream(begun); });
}

HttpResponse WorkRun::response_to_outcomes() {
  HttpResponse response;
  try {
    response = work_.respond(outcomes_);
  } catch (const std::exception&) {
    response = HttpResponse::json(500, R"({"error":"the answer cannot be written"})");
  }
  decorate_(response.headers);
  return response;
}

HttpResponse WorkRun::end_of_stream(bool begun) {
  HttpResponse response;
  if (begun) {
    response.body = work_.stream->end(outcomes_);
  } else if (is_failure(outcomes_.front())) {
    response = response_to_outcomes();
  } else {
    response.headers = work_.stream->headers;
    response.body =
        (work_.stream->begin ? work_.stream->begin() : "") + work_.stream->end(outcomes_);
    decorate_(response.headers);
  }
  report(response.status);
  return response;
}

void WorkRun::cancel() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(ended_, true)) return;
  }
  cancel_tasks();
  report(kClientLeft);
}

void WorkRun::abandon() {
  {
    const std::lock_guard lock(mutex_);
    if (ended_ || missing_ == 0) return;  // what is not begun yet, the engine refuses
    const TaskOutcome stopped = TaskFailure{FailureKind::draining, "the server stops"};
    outcomes_.assign(received_.size(), stopped);
    ended_ = true;
  }
  cancel_tasks();
  finish();
}

// Outside the lock: the engine may be waiting for one of our callbacks to return.
void WorkRun::cancel_tasks() {
  std::vector<TaskId> ids;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& id : ids_) {
      if (id) ids.push_back(*id);
    }
  }
  for (const TaskId id : ids) context_.engine.cancel(id);
}

void WorkRun::report(int status) {
  report_.status = status;
  try {
    if (const Done done = std::exchange(done_, nullptr)) done(report_);
  } catch (const std::bad_alloc&) {
    // Answered all the same, and not counted.
  }
}

}  // namespace blip::serve
