// The thread that loads models, and unloads those that nobody uses.
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <new>
#include <utility>

#include "core/memory_headroom.hpp"
#include "serve/engine/engine_state.hpp"
#include "serve/engine/insist.hpp"
#include "serve/engine/task_failure.hpp"

namespace blip::serve {
namespace {

using Lock = std::unique_lock<std::mutex>;

std::uint64_t size_of_model(const EngineState& state, std::size_t index) {
  return state.catalog.models()[index].status.size;
}

std::uint64_t loaded_bytes(const EngineState& state) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < state.models.size(); ++i) {
    if (state.models[i].is_loaded()) sum += size_of_model(state, i);
  }
  return sum;
}

// What should be loaded of a model now.
std::optional<Part> wanted_part(const EngineState& state, std::size_t index) {
  const ModelState& model = state.models[index];
  if (const auto part = model.missing_part()) return part;
  const CatalogModel& known = state.catalog.models()[index];
  if (known.preload && !model.was_preloaded) {
    for (const Part part : known.parts) {
      if (!model.parts.has(part)) return part;
    }
  }
  return std::nullopt;
}

void unload(EngineState& state, std::size_t index, Lock& lock) {
  ModelState& model = state.models[index];
  ModelParts parts = std::exchange(model.parts, {});
  auto captions = std::exchange(model.captions, std::nullopt);
  auto answers = std::exchange(model.answers, std::nullopt);
  model.makes_room = false;
  model.is_damaged = false;
  state.cache.forget_model(index);
  ++state.metrics.models_unloaded;
  lock.unlock();
  captions.reset();
  answers.reset();
  parts = {};
  malloc_trim(0);
  state.log("unloaded " + state.catalog.models()[index].status.name);
  lock.lock();
}

// Unloads what nobody used for longest until the model fits. False: that has to wait for jobs that
// others still have.
bool make_room(EngineState& state, std::size_t index, Lock& lock) {
  if (state.options.memory == 0 || state.models[index].is_loaded()) return true;
  while (loaded_bytes(state) + size_of_model(state, index) > state.options.memory) {
    std::optional<std::size_t> victim;
    for (std::size_t i = 0; i < state.models.size(); ++i) {
      const ModelState& model = state.models[i];
      if (i == index || !model.is_loaded()) continue;
      // One that has just been loaded for others does some of their jobs first.
      const bool has_served = model.waiting.empty() || model.served >= state.options.max_batch;
      if (!has_served) continue;
      if (!victim || model.last_used < state.models[*victim].last_used) victim = i;
    }
    if (!victim) return false;
    ModelState& model = state.models[*victim];
    if (!model.is_idle()) {
      const auto idle = std::ranges::find_if(state.models, [&](const ModelState& each) {
        return each.is_loaded() && each.is_idle() && each.waiting.empty() &&
               &each != &state.models[index];
      });
      if (idle == state.models.end()) {
        model.makes_room = true;
        return false;
      }
      victim = static_cast<std::size_t>(idle - state.models.begin());
    }
    unload(state, *victim, lock);
  }
  return true;
}

void fail_waiting(EngineState& state, std::size_t index, Part part, const TaskFailure& failure,
                  Lock& lock) {
  ModelState& model = state.models[index];
  model.was_preloaded = true;
  const auto jobs = model.waiting.take(part);
  state.num_waiting -= jobs.size();
  lock.unlock();
  for (const JobPointer& job : jobs) insist([&] { state.finish_admitted(job, failure); });
  lock.lock();
}

void load(EngineState& state, std::size_t index, Part part, Lock& lock) {
  ModelState& model = state.models[index];
  const CatalogModel& known = state.catalog.models()[index];
  model.is_loading = true;
  ModelParts parts = model.parts;
  lock.unlock();
  const Clock::time_point begin = Clock::now();
  const std::uint64_t damage = state.options.damage ? state.options.damage() : 0;
  std::optional<TaskFailure> failure;
  int embedding_size = 0;
  try {
    // Weights are mapped, once for all parts.
    if (!model.is_loaded() && !has_addresses(known.status.size + kHeadroom)) throw std::bad_alloc();
    require_headroom();
    parts.load(part, known.options);
    if (part == Part::embedder && known.compares_texts) {
      Context context({.num_threads = 1});
      const std::string text = "a";
      const app::Embedder& embedder = parts.embedder->embedder;
      embedding_size =
          static_cast<int>(embedder.embed(embedder.tokens(std::span(&text, 1)), context).shape[1]);
    }
  } catch (...) {
    insist([&, error = std::current_exception()] {
      failure = failure_of_model(error);
      failure->kind = FailureKind::internal;
      failure->message = known.status.name + ": cannot be loaded: " + failure->message;
    });
  }
  if (!failure && state.options.damage && state.options.damage() != damage) {
    failure = file_was_cut();
    parts = {};
  }
  // What reading the files took is not needed again soon.
  malloc_trim(0);
  const Clock::time_point end = Clock::now();
  insist([&] {
    state.log(failure ? failure->message
                      : fmt::format("loaded {} in {:.1f} s", known.status.name,
                                    std::chrono::duration<double>(end - begin).count()));
  });
  lock.lock();
  model.is_loading = false;
  model.last_used = end;
  if (failure) {
    fail_waiting(state, index, part, *failure, lock);
    state.for_computing.notify_one();  // others may have read the same file
    return;
  }
  if (!model.is_loaded()) model.served = 0;
  model.parts = std::move(parts);
  if (embedding_size > 0) model.embedding_size = embedding_size;
  ++state.metrics.models_loaded;
  if (!wanted_part(state, index)) model.was_preloaded = true;
  model.waiting.for_each([&](Job& job) {
    if (job.part == part) job.load_time = end - std::max(begin, job.submitted);
  });
  state.for_readers.notify_all();
}

// When a model that nobody uses is to go.
std::optional<Clock::time_point> expiry(const EngineState& state, const ModelState& model) {
  if (!state.options.keep_alive || !model.is_loaded() || !model.is_idle() ||
      !model.waiting.empty()) {
    return std::nullopt;
  }
  return model.last_used + *state.options.keep_alive;
}

// Whether something was done.
bool load_something(EngineState& state, Lock& lock) {
  // Whether any has to make room is found out anew: those that it was for may be gone.
  for (ModelState& model : state.models) {
    if (std::exchange(model.makes_room, false)) state.for_readers.notify_all();
  }
  for (std::size_t i = 0; i < state.models.size(); ++i) {
    const auto part = wanted_part(state, i);
    if (!part) continue;
    if (state.options.memory > 0 && size_of_model(state, i) > state.options.memory) {
      const CatalogModel& known = state.catalog.models()[i];
      fail_waiting(state, i, *part,
                   {FailureKind::not_supported,
                    fmt::format("{} has {} bytes, more than the {} that models may have together",
                                known.status.name, known.status.size, state.options.memory)},
                   lock);
      return true;
    }
    if (!make_room(state, i, lock)) continue;
    load(state, i, *part, lock);
    return true;
  }
  return false;
}

bool unload_something(EngineState& state, Lock& lock) {
  const Clock::time_point now = Clock::now();
  for (std::size_t i = 0; i < state.models.size(); ++i) {
    if (state.models[i].is_damaged && state.models[i].is_idle()) {
      state.models[i].was_preloaded = false;  // what was loaded at the start is loaded again
      unload(state, i, lock);
      return true;
    }
    const auto time = expiry(state, state.models[i]);
    if (!time || *time > now) continue;
    unload(state, i, lock);
    return true;
  }
  return false;
}

}  // namespace

void load_models(EngineState& state) {
  Lock lock(state.mutex);
  while (!state.is_stopping) {
    if (load_something(state, lock) || unload_something(state, lock)) continue;
    std::optional<Clock::time_point> soonest;
    for (const ModelState& model : state.models) {
      const auto time = expiry(state, model);
      if (time && (!soonest || *time < *soonest)) soonest = time;
    }
    if (soonest) {
      state.for_loading.wait_until(lock, *soonest);
    } else {
      state.for_loading.wait(lock);
    }
  }
}

}  // namespace blip::serve
