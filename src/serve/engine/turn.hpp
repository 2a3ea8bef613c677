// Turn: what the computing thread does for one model before the next has its turn.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "app/embedder.hpp"
#include "app/explain/explanation.hpp"
#include "serve/engine/engine_state.hpp"
#include "serve/engine/task_failure.hpp"

namespace blip::serve {

/// When the pictures that are ready are to be encoded; nothing: there are none. The mutex is held.
[[nodiscard]] std::optional<Clock::time_point> batch_due(const EngineState& state,
                                                         const ModelState& model);

/// The model's parts stay loaded meanwhile: is_computing is set.
class Turn {
 public:
  Turn(EngineState& state, std::size_t model);

  /// A batch of pictures, if one is due.
  void encode();
  /// Jobs whose texts are to be written join the others.
  void join();
  /// One step of all texts.
  void write();
  /// One of the tasks that are done in one go. `pause` is called between the parts of a long one.
  void do_another(const app::Pause& pause);
  /// The same, of those that take little time; they may have come later than others.
  void do_short_one();

 private:
  [[nodiscard]] const CatalogModel& catalog() const { return state_.catalog.models()[index_]; }

  // turn_pictures.cpp
  std::vector<PictureWorkPointer> take_batch();
  void encode_batch(std::vector<PictureWorkPointer> batch);
  void hand_out(const PictureWorkPointer& work, EncodedPicture picture);
  void fail(const PictureWorkPointer& work, const TaskFailure& failure);

  // turn_texts.cpp
  void begin_writing(const JobPointer& job);
  void write(std::optional<GenerationLane>& lane);
  void finish(Written written);

  // turn.cpp
  JobPointer take(std::deque<JobPointer>& jobs);
  void do_job(const JobPointer& job, const app::Pause& pause);
  void done(const JobPointer& job, decltype(TaskResult::value) value);
  void paint(const JobPointer& job, app::Explanation explanation);

  EngineState& state_;
  std::size_t index_;
  ModelState& model_;
  ModelParts parts_;
};

}  // namespace blip::serve
