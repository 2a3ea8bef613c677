// Tasks for tests of the engine, and what they look for in its answers.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "serve/engine/engine.hpp"
#include "small_pictures.hpp"

namespace blip::serve {

inline FailureKind failure_kind(const TaskOutcome& outcome) {
  return std::get<TaskFailure>(outcome).kind;
}
inline std::string failure_message(const TaskOutcome& outcome) {
  return std::get<TaskFailure>(outcome).message;
}
inline std::string model_of(const TaskOutcome& outcome) {
  return std::get<TaskResult>(outcome).model;
}

inline PictureBytes one_picture() {
  static const std::vector<PictureBytes> pictures = small_pictures(1);
  return pictures.front();
}

inline Task caption(std::string client = "") {
  return {.input = CaptionTask{.picture = one_picture()}, .client = std::move(client)};
}

// Keeps a captioning model busy for as long as a test looks.
inline Task long_caption(std::uint64_t seed = 1) {
  CaptionTask task{.picture = one_picture()};
  task.generation.max_new_tokens = 45;
  task.generation.min_new_tokens = 45;
  task.generation.num_beams = 8;
  task.generation.seed = seed;
  return {.input = task};
}

// Two minutes at most: a sanitizer on a machine that others use is slow, and never is longer.
inline void wait_until(const std::function<bool()>& holds) {
  for (int i = 0; i < 24'000 && !holds(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_TRUE(holds());
}

inline bool is_empty(const Engine& engine) {
  const EngineStatus status = engine.status();
  return status.queued == 0 && status.in_flight == 0;
}

inline bool is_loaded(const Engine& engine, const std::string& name) {
  for (const ModelStatus& model : engine.status().models) {
    if (model.name == name) return model.loaded;
  }
  return false;
}

}  // namespace blip::serve
