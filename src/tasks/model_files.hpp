// What every BLIP class is loaded from: its configuration and its weights.
#pragma once

#include <filesystem>

#include "blip/config.hpp"
#include "checkpoint/model_source.hpp"
#include "tasks/model_weights.hpp"

namespace blip {

struct ModelFiles : ModelWeights {
  BlipConfig config;
};

/// WeightsOpener with BLIP's configuration.
class ModelOpener {
 public:
  /// `architecture` is the class that is wanted. Throws unsupported if the checkpoint is another
  /// class's, or what reading throws.
  ModelOpener(const std::filesystem::path& model, const LoadOptions& options,
              const Architecture& architecture);

  [[nodiscard]] const BlipConfig& config() const noexcept { return config_; }
  [[nodiscard]] WeightLoader& loader() noexcept { return weights_.loader(); }

  /// Call once, when all tensors have been read.
  [[nodiscard]] ModelFiles finish();

 private:
  ModelSource source_;
  BlipConfig config_;
  WeightsOpener weights_;
};

}  // namespace blip
