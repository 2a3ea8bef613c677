// EngineState: what the engine's threads share.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "app/explain/explanation.hpp"
#include "blip/context.hpp"
#include "blip/tensor.hpp"
#include "serve/engine/engine_options.hpp"
#include "serve/engine/generation_lane.hpp"
#include "serve/engine/job.hpp"
#include "serve/engine/model_catalog.hpp"
#include "serve/engine/model_parts.hpp"
#include "serve/engine/picture_cache.hpp"
#include "serve/engine/task_queue.hpp"

namespace blip::serve {

/// A picture that is being read and encoded, for all jobs that wait for that.
struct PictureWork {
  PictureKey key;
  PictureBytes file;
  std::vector<JobPointer> waiting;
  Tensor pixel_values = {};  ///< [1, 3, H, W], once it is read
  int width = 0;
  int height = 0;
  Clock::time_point ready{};
};
using PictureWorkPointer = std::shared_ptr<PictureWork>;

/// An explanation that waits for somebody to paint it.
struct Painting {
  JobPointer job;
  app::Explanation explanation;
};

/// A model and the jobs that it has. A job waits, then it is admitted: its picture is read, is
/// ready, is encoded; then the job is ready for the thread that computes.
struct ModelState {
  ModelParts parts;
  bool is_loading = false;
  bool makes_room = false;     ///< it takes no job until it was unloaded
  bool is_damaged = false;     ///< the same; what it computes is worth nothing
  bool was_preloaded = false;  ///< or that failed
  std::size_t served = 0;      ///< jobs that were admitted since it was loaded
  Clock::time_point last_used = Clock::now();
  int embedding_size = 0;

  TaskQueue waiting;
  std::size_t admitted = 0;   ///< jobs that are not waiting, until nobody works on them
  std::size_t preparing = 0;  ///< of these, those that the computing thread has not begun
  std::size_t reading = 0;    ///< pictures that are being read
  std::map<PictureKey, PictureWorkPointer> pictures;  ///< that are not encoded yet
  std::deque<PictureWorkPointer> ready_pictures;
  std::deque<JobPointer> ready_texts;  ///< for the lanes below
  std::deque<JobPointer> ready_others;

  bool is_computing = false;
  std::size_t writing = 0;  ///< jobs in the lanes
  // The computing thread's own while is_computing; nobody's otherwise.
  std::optional<GenerationLane> captions;
  std::optional<GenerationLane> answers;

  /// Whether all parts that waiting jobs need are there.
  [[nodiscard]] bool can_admit() const;
  [[nodiscard]] std::optional<Part> missing_part() const;
  [[nodiscard]] bool is_loaded() const noexcept { return parts.pictures != nullptr; }
  [[nodiscard]] bool is_idle() const noexcept {
    return admitted == 0 && !is_computing && !is_loading;
  }
};

/// Members are guarded by `mutex` unless they are const. No callback is called with it held.
class EngineState {
 public:
  explicit EngineState(EngineOptions engine_options);

  const EngineOptions options;
  const ModelCatalog catalog;
  Context context;            ///< the computing thread's own
  const std::size_t readers;  ///< threads that read pictures

  std::mutex mutex;
  std::condition_variable for_readers;
  std::condition_variable for_computing;
  std::condition_variable for_loading;
  std::condition_variable for_deadlines;
  bool is_stopping = false;
  bool is_draining = false;

  std::vector<ModelState> models;
  std::map<TaskId, JobPointer> jobs;  ///< whose callbacks may still be called
  std::set<std::pair<Clock::time_point, TaskId>> deadlines;
  std::uint64_t next_id = 1;
  std::size_t num_waiting = 0;
  std::uint64_t held_bytes = 0;   ///< of pictures that are not read yet
  std::uint64_t damage_seen = 0;  ///< EngineOptions::damage when models were last given up for it
  std::deque<Painting> paintings;
  PictureCache cache;
  EngineMetrics metrics;

  // With the mutex held.

  /// Whether models have read what is no more in their files, and nothing was done about it yet.
  [[nodiscard]] bool is_newly_damaged() const {
    return options.damage && options.damage() != damage_seen;
  }
  /// Takes the job off the engine's hands, whose outcome is known; false: somebody else did.
  bool end(Job& job, std::optional<FailureKind> failure);
  /// Nobody needs the bytes of its picture any more.
  void drop_bytes(Job& job);
  void leave_preparing(Job& job);
  /// Nobody works on it any more. Wakes whoever waits for that.
  void release(Job& job);
  /// An admitted job whose picture is encoded, or that has none.
  void make_ready(const JobPointer& job);
  [[nodiscard]] std::size_t admission_window() const { return 2 * options.max_batch + readers; }
  [[nodiscard]] std::size_t num_in_flight() const;

  // Without the mutex.

  /// Tells the job's client, unless it has been told or is gone.
  void finish(const JobPointer& job, TaskOutcome outcome);
  /// The same for an admitted job, which is released.
  void finish_admitted(const JobPointer& job, TaskOutcome outcome);
  void log(std::string_view line) const;
};

// What the threads do until the engine stops.

void read_pictures(EngineState& state);
void compute(EngineState& state);
void load_models(EngineState& state);
void watch_deadlines(EngineState& state);

}  // namespace blip::serve
