// The threads that admit jobs, read their pictures and paint explanations.
#include <span>
#include <utility>

#include "core/memory_headroom.hpp"
#include "hub/checksum.hpp"
#include "image/decoding_headroom.hpp"
#include "serve/engine/engine_state.hpp"
#include "serve/engine/insist.hpp"
#include "serve/engine/picture_tasks.hpp"
#include "serve/engine/task_failure.hpp"

namespace blip::serve {
namespace {

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// The next job, of the models in turn; null: there is none that could be admitted.
JobPointer admit(EngineState& state, std::size_t& turn) {
  for (std::size_t i = 0; i < state.models.size(); ++i) {
    ModelState& model = state.models[turn++ % state.models.size()];
    if (!model.can_admit() || model.preparing >= state.admission_window()) continue;
    JobPointer job = model.waiting.pop();
    --state.num_waiting;
    job->is_admitted = true;
    job->is_preparing = true;
    job->admitted = Clock::now();
    ++model.admitted;
    ++model.preparing;
    ++model.served;
    state.metrics.queue_seconds.observe(seconds_since(job->submitted));
    return job;
  }
  return nullptr;
}

// Whether the job needs no work on its picture: another one has done it, or is doing it.
bool shares_picture(EngineState& state, const JobPointer& job) {
  ModelState& model = state.models[job->model];
  if (auto known = state.cache.find(*job->key)) {
    job->picture = *std::move(known);
    state.make_ready(job);
  } else if (const auto found = model.pictures.find(*job->key); found != model.pictures.end()) {
    found->second->waiting.push_back(job);
  } else {
    return false;
  }
  if (job->kind != TaskKind::explain) state.drop_bytes(*job);
  ++state.metrics.pictures_cached;
  return true;
}

// The message begins with the name of the picture, which others that wait may call otherwise.
std::string renamed(const std::string& message, const std::string& from, const std::string& to) {
  return message.starts_with(from) ? to + message.substr(from.size()) : message;
}

void fail_picture(EngineState& state, const PictureWork& work, const std::vector<JobPointer>& jobs,
                  const TaskFailure& failure) {
  for (const JobPointer& job : jobs) {
    const auto* own = std::get_if<PictureBytes>(picture_of(job->task.input));
    const std::string name = own == nullptr ? work.file.name : own->name;
    state.finish_admitted(
        job, TaskFailure{failure.kind, renamed(failure.message, work.file.name, name)});
  }
}

// Asked first: libvips ends the process where it finds no memory, and others take some meanwhile.
bool has_room_for_pixels(const PictureWork& work) {
  return has_headroom(image::decoding_headroom() + kHeadroom + work.file.bytes.size());
}

TaskFailure no_memory() {
  return {FailureKind::queue_full, "not enough memory for another picture; try again later"};
}

// Its pixels are nobody's but the caller's until they are put into ready_pictures.
void read(EngineState& state, const PictureWorkPointer& work, const JobPointer& owner,
          const app::PictureReader& reader) {
  const Clock::time_point begin = Clock::now();
  std::optional<TaskFailure> failure;
  try {
    if (has_room_for_pixels(*work)) {
      const Image picture =
          reader.decode(std::as_bytes(std::span(work->file.bytes)), work->file.name);
      work->width = picture.width();
      work->height = picture.height();
      work->pixel_values = reader(picture);
    } else {
      failure = no_memory();
    }
  } catch (...) {
    insist([&, error = std::current_exception()] { failure = failure_of_picture(error); });
  }
  work->file.owner.reset();
  work->file.bytes = {};
  std::vector<JobPointer> failed;
  {
    const std::lock_guard lock(state.mutex);
    ModelState& model = state.models[work->key.model];
    --model.reading;
    if (owner->kind != TaskKind::explain) state.drop_bytes(*owner);
    state.metrics.decode_seconds.observe(seconds_since(begin));
    if (!failure) {
      try {
        model.ready_pictures.push_back(work);
        work->ready = Clock::now();
      } catch (const std::bad_alloc&) {
        failure.emplace();
      }
    }
    if (failure) {
      ++state.metrics.pictures_failed;
      model.pictures.erase(work->key);
      failed = std::move(work->waiting);
    }
  }
  state.for_computing.notify_one();
  if (!failure) return;
  insist([&] {
    fail_picture(state, *work, failed, failure->message.empty() ? no_memory() : *failure);
  });
}

// The task keeps its picture only where it is painted in the end.
void forget_bytes(Job& job) {
  if (job.kind == TaskKind::explain) return;
  auto& picture = std::get<PictureBytes>(*picture_of(job.task.input));
  picture.owner.reset();
  picture.bytes = {};
}

void prepare(EngineState& state, const JobPointer& job) {
  const Picture* picture = picture_of(job->task.input);
  if (picture == nullptr) {
    const std::lock_guard lock(state.mutex);
    state.make_ready(job);
    return;
  }
  if (!std::holds_alternative<PictureBytes>(*picture)) {
    state.finish_admitted(
        job, TaskFailure{FailureKind::bad_request, "the picture has not been fetched"});
    return;
  }
  PictureBytes file = std::get<PictureBytes>(*picture);
  forget_bytes(*job);
  job->key = PictureKey{job->model, encoding_of(job->part), hub::sha256(file.bytes)};
  auto work = std::make_shared<PictureWork>(
      PictureWork{.key = *job->key, .file = std::move(file), .waiting = {job}});
  std::shared_ptr<const app::PictureReader> reader;
  {
    const std::lock_guard lock(state.mutex);
    if (shares_picture(state, job)) {
      work.reset();
    } else {
      ModelState& model = state.models[job->model];
      model.pictures.emplace(work->key, work);
      ++model.reading;
      reader = model.parts.pictures;
    }
  }
  if (work) read(state, work, job, *reader);
}

void paint(EngineState& state, const Painting& painting) {
  const JobPointer& job = painting.job;
  if (job->is_over()) {
    const std::lock_guard lock(state.mutex);
    state.release(*job);
    return;
  }
  const CatalogModel& model = state.catalog.models()[job->model];
  TaskOutcome outcome;
  try {
    TaskResult result{.model = model.status.name,
                      .value = painted(std::get<PictureBytes>(*picture_of(job->task.input)),
                                       model.options.pictures, painting.explanation)};
    result.load_time = job->load_time;
    result.queue_time = job->admitted - job->submitted - job->load_time;
    result.prompt_time = Clock::now() - job->admitted;
    outcome = std::move(result);
  } catch (...) {
    outcome = failure_of_picture(std::current_exception());
  }
  state.finish_admitted(job, std::move(outcome));
}

// What is left of the reading threads' work where there was no memory for it.
void give_up(EngineState& state, const JobPointer& job, const std::exception_ptr& error) {
  insist([&] { state.finish_admitted(job, failure_of_model(error)); });
}

}  // namespace

void read_pictures(EngineState& state) {
  std::size_t turn = 0;
  std::unique_lock lock(state.mutex);
  while (true) {
    JobPointer job;
    state.for_readers.wait(lock, [&] {
      if (state.is_stopping || !state.paintings.empty()) return true;
      job = admit(state, turn);
      return job != nullptr;
    });
    if (state.is_stopping) return;
    std::optional<Painting> painting;
    if (!job) {
      painting = std::move(state.paintings.front());
      state.paintings.pop_front();
    }
    lock.unlock();
    try {
      if (painting) {
        paint(state, *painting);
      } else if (job->is_over()) {
        lock.lock();
        state.release(*job);
        lock.unlock();
      } else {
        prepare(state, job);
      }
    } catch (...) {
      give_up(state, painting ? painting->job : job, std::current_exception());
    }
    job.reset();
    painting.reset();
    lock.lock();
  }
}

}  // namespace blip::serve
