// EngineOptions: which models there are, and how much of everything they may use.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/model_options.hpp"
#include "blip/generation.hpp"

namespace blip::serve {

/// A model that tasks may name.
struct ServedModel {
  std::string name;  ///< empty: the last part of its path
  app::ModelOptions options;
  /// Other names. Several models may share one: a task gets the first of them that can do it.
  std::vector<std::string> aliases = {};
  bool preload = false;  ///< load it at the start and not when the first task comes
};

struct EngineOptions {
  std::vector<ServedModel> models;
  int num_threads = 0;         ///< that compute; 0: one per core this process may use
  std::size_t max_batch = 8;   ///< pictures that are encoded together
  std::size_t max_rows = 128;  ///< texts, beams counted, that are generated together by a model
  /// How long a picture that is ready waits for others that are being read to be encoded with it;
  /// ten times that while the model is busy with texts.
  std::chrono::milliseconds max_wait{5};

  std::size_t queue_limit = 1024;                      ///< tasks that wait
  std::uint64_t queue_bytes = std::uint64_t{1} << 28;  ///< of pictures that wait
  std::uint64_t cache_bytes = std::uint64_t{1} << 28;  ///< of encoded pictures that are kept
  /// Of the files of models that are loaded at a time; 0: no limit. The one that nobody has used
  /// for longest makes room.
  std::uint64_t memory = 0;
  /// A model that nobody uses for so long is unloaded; nothing: never.
  std::optional<std::chrono::seconds> keep_alive = {};

  std::int64_t max_pixels = 64'000'000;  ///< of a picture, if the model's options do not say less
  GenerationOptions generation = {};     ///< where a task leaves them open
  std::filesystem::path kept_labels =
      {};  ///< where vectors of everyday tags are kept; empty: nowhere
  /// How often something that a model reads from its file turned out to be gone. Whenever it grows,
  /// all models are loaded again, and tasks that they were at fail. Empty: it never does.
  std::function<std::uint64_t()> damage = {};
  /// Told of what an operator should know, one line each: a model was loaded, could not be loaded,
  /// was unloaded. Called on threads of the engine.
  std::function<void(std::string_view line)> log = {};
};

}  // namespace blip::serve
