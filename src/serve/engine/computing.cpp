// The thread that computes: it chooses which model has its turn.
#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "blip/error.hpp"
#include "serve/engine/engine_state.hpp"
#include "serve/engine/insist.hpp"
#include "serve/engine/task_failure.hpp"
#include "serve/engine/turn.hpp"

namespace blip::serve {
namespace {

// When there is something to do for the model: at once, later, or nothing until something comes.
std::optional<Clock::time_point> next_work(const EngineState& state, const ModelState& model,
                                           Clock::time_point now) {
  if (model.writing > 0 || !model.ready_texts.empty() || !model.ready_others.empty()) return now;
  return batch_due(state, model);
}

// There was no memory to pass jobs on with: nobody knows where each of them is. All that the
// computing thread has of the model fail.
void give_up_once(EngineState& state, std::size_t index, const TaskFailure& failure) {
  std::vector<JobPointer> jobs;
  {
    const std::lock_guard lock(state.mutex);
    ModelState& model = state.models[index];
    for (const auto& [id, job] : state.jobs) {
      if (job->model == index && job->is_admitted) jobs.push_back(job);
    }
    for (auto* lane : {&model.captions, &model.answers}) {
      if (!*lane) continue;
      for (const Written& written : (*lane)->abandon(nullptr)) jobs.push_back(written.job);
    }
    model.writing = 0;
    for (auto* ready : {&model.ready_texts, &model.ready_others}) {
      jobs.insert(jobs.end(), ready->begin(), ready->end());
      ready->clear();
    }
    model.ready_pictures.clear();
    std::erase_if(model.pictures, [&](const auto& entry) {
      const PictureWork& work = *entry.second;
      if (work.ready == Clock::time_point{}) return false;  // it is being read
      jobs.insert(jobs.end(), work.waiting.begin(), work.waiting.end());
      return true;
    });
  }
  for (const JobPointer& job : jobs) state.finish_admitted(job, failure);
}

void give_up(EngineState& state, std::size_t index, const std::exception_ptr& error) {
  insist([&] { give_up_once(state, index, failure_of_model(error)); });
}

// Models whose files were cut short are given up, whatever they are at; the loading thread unloads
// them. Which file it was cannot be told: it is all of them. The mutex is held.
void give_up_damaged(EngineState& state, std::unique_lock<std::mutex>& lock) {
  if (state.is_newly_damaged()) {
    state.damage_seen = state.options.damage();
    for (ModelState& model : state.models) model.is_damaged = model.is_loaded();
    lock.unlock();
    insist([&] {
      state.log("a model's file was changed while it was used: all models are loaded again");
    });
    lock.lock();
  }
  for (std::size_t i = 0; i < state.models.size(); ++i) {
    ModelState& model = state.models[i];
    if (!model.is_damaged) continue;
    if (model.admitted > 0) {
      lock.unlock();
      insist([&] { give_up_once(state, i, file_was_cut()); });
      lock.lock();
    }
    state.for_loading.notify_one();
  }
}

// In the midst of a long task of some model: all others go on, and so do the texts and short tasks
// of that one. Its parts are in use, whatever happens here.
// Throws cancelled where the engine stops.
void go_on_with_others(EngineState& state) {
  for (std::size_t i = 0; i < state.models.size(); ++i) {
    ModelState& model = state.models[i];
    bool was_computing = false;
    {
      const std::lock_guard lock(state.mutex);
      if (state.is_stopping) throw Error(ErrorCode::cancelled, "the server stops");
      if (!next_work(state, model, Clock::now())) continue;
      was_computing = std::exchange(model.is_computing, true);
    }
    try {
      Turn turn(state, i);
      turn.encode();
      turn.join();
      turn.write();
      turn.do_short_one();
    } catch (...) {
      give_up(state, i, std::current_exception());
    }
    const std::lock_guard lock(state.mutex);
    model.is_computing = was_computing;
    if (model.admitted == 0) state.for_loading.notify_all();
  }
}

}  // namespace

void compute(EngineState& state) {
  std::size_t next = 0;
  std::unique_lock lock(state.mutex);
  while (!state.is_stopping) {
    give_up_damaged(state, lock);
    const Clock::time_point now = Clock::now();
    std::optional<std::size_t> chosen;
    std::optional<Clock::time_point> soonest;
    for (std::size_t i = 0; i < state.models.size() && !chosen; ++i) {
      const std::size_t model = (next + i) % state.models.size();
      const auto time = next_work(state, state.models[model], now);
      if (!time) continue;
      if (*time <= now) chosen = model;
      if (!soonest || *time < *soonest) soonest = time;
    }
    if (!chosen) {
      if (soonest) {
        state.for_computing.wait_until(lock, *soonest);
      } else {
        state.for_computing.wait(lock);
      }
      continue;
    }
    next = *chosen + 1;
    ModelState& model = state.models[*chosen];
    model.is_computing = true;
    lock.unlock();
    try {
      Turn turn(state, *chosen);
      turn.encode();
      turn.join();
      turn.write();
      turn.do_another([&state] { go_on_with_others(state); });
    } catch (...) {
      give_up(state, *chosen, std::current_exception());
    }
    lock.lock();
    model.is_computing = false;
    if (model.admitted == 0) state.for_loading.notify_all();
  }
}

}  // namespace blip::serve
