// EngineMetrics: what the engine has counted since it began.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "serve/engine/task_kind.hpp"

namespace blip::serve {

/// Of values that are not negative: how many were at most each bound.
struct Histogram {
  std::vector<double> bounds;         ///< rising
  std::vector<std::uint64_t> counts;  ///< of values up to a bound and above the one before; the
                                      ///< last one is of those above all bounds
  double sum = 0.0;
  std::uint64_t count = 0;

  explicit Histogram(std::vector<double> upper_bounds)
      : bounds(std::move(upper_bounds)), counts(bounds.size() + 1) {}
  void observe(double value);

  static Histogram of_seconds();
  static Histogram of_batch_sizes();
};

struct EngineMetrics {
  /// Tasks by their kind and what came of them: done, or why not. Those that were cancelled by
  /// Engine::cancel are FailureKind::cancelled.
  [[nodiscard]] std::uint64_t tasks(TaskKind kind, std::optional<FailureKind> failure) const {
    return counts[static_cast<std::size_t>(kind)][outcome_index(failure)];
  }
  void count_task(TaskKind kind, std::optional<FailureKind> failure) {
    ++counts[static_cast<std::size_t>(kind)][outcome_index(failure)];
  }

  Histogram queue_seconds = Histogram::of_seconds();   ///< of each task, loading included
  Histogram decode_seconds = Histogram::of_seconds();  ///< of each picture
  Histogram vision_seconds = Histogram::of_seconds();  ///< of each batch of pictures
  Histogram text_seconds = Histogram::of_seconds();    ///< of each task, after its picture
  Histogram task_seconds = Histogram::of_seconds();    ///< of each task that was done, altogether
  Histogram vision_batch = Histogram::of_batch_sizes();
  Histogram text_batch = Histogram::of_batch_sizes();  ///< requests in a step of the decoder

  std::uint64_t tokens = 0;  ///< that were generated
  std::uint64_t pictures_encoded = 0;
  std::uint64_t pictures_failed = 0;  ///< that could not be read
  std::uint64_t pictures_cached = 0;  ///< tasks whose picture had been encoded, or was being
  std::uint64_t cache_bytes = 0;      ///< of encoded pictures, now
  std::uint64_t models_loaded = 0;
  std::uint64_t models_unloaded = 0;
  /// Requests for a full queue that were refused before they became tasks.
  std::uint64_t refused_unread = 0;
  /// Tasks that were not taken, by the reason; the other failures are in counts.
  [[nodiscard]] std::uint64_t rejected(FailureKind reason) const;

  std::array<std::array<std::uint64_t, kFailureKinds + 1>, kTaskKinds> counts{};

 private:
  static std::size_t outcome_index(std::optional<FailureKind> failure) {
    return failure ? 1 + static_cast<std::size_t>(*failure) : 0;
  }
};

}  // namespace blip::serve
