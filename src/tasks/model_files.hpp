// What every BLIP class is loaded from, and what keeps its weights alive.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "blip/config.hpp"
#include "blip/load_options.hpp"
#include "checkpoint/checkpoint.hpp"
#include "model/weight_loader.hpp"

namespace blip {

/// A model's files once everything in them has found its place.
struct ModelFiles {
  BlipConfig config;
  Checkpoint checkpoint;  // keeps the mapped weights alive
  ConvertedWeights converted;
  std::vector<std::string> ignored_tensors;
};

/// Opens a model, hands out its tensors through `loader`, then gives up the files.
class ModelOpener {
 public:
  /// `architecture` is the class that is wanted, `marker` a tensor that only checkpoints fit for it
  /// have. Throws unsupported if the checkpoint is another class's, or what reading throws.
  ModelOpener(const std::filesystem::path& model, const LoadOptions& options,
              std::string_view architecture, const std::string& marker);
  ~ModelOpener() = default;
  ModelOpener(const ModelOpener&) = delete;
  ModelOpener& operator=(const ModelOpener&) = delete;

  [[nodiscard]] const BlipConfig& config() const noexcept { return config_; }
  [[nodiscard]] WeightLoader& loader() noexcept { return loader_; }

  /// Call once, when all tensors have been read.
  [[nodiscard]] ModelFiles finish();

 private:
  std::filesystem::path path_;
  BlipConfig config_;
  Checkpoint checkpoint_;
  ConvertedWeights converted_;
  WeightLoader loader_;
};

}  // namespace blip
