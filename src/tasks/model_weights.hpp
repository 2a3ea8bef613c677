// What a model of any family is loaded from, and what keeps its weights alive.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "architectures/architecture.hpp"
#include "blip/load_options.hpp"
#include "checkpoint/checkpoint.hpp"
#include "checkpoint/model_source.hpp"
#include "model/weight_loader.hpp"

namespace blip {

/// A model's weights once every tensor has found its place.
struct ModelWeights {
  Checkpoint checkpoint;  // keeps the mapped weights alive
  ConvertedWeights converted;
  std::vector<std::string> ignored_tensors;
};

/// Opens a model's weights, hands out their tensors through `loader`, then gives them up.
class WeightsOpener {
 public:
  /// Throws what reading the files throws.
  WeightsOpener(const ModelSource& source, const LoadOptions& options);
  ~WeightsOpener() = default;
  WeightsOpener(const WeightsOpener&) = delete;
  WeightsOpener& operator=(const WeightsOpener&) = delete;

  /// Throws unsupported if the checkpoint is not fit for the class that is wanted. `named` is the
  /// class that its configuration names, which may be empty.
  void require(const Architecture& wanted, std::string_view named) const;

  [[nodiscard]] WeightLoader& loader() noexcept { return loader_; }

  /// Call once, when all tensors have been read.
  [[nodiscard]] ModelWeights finish();

 private:
  std::filesystem::path path_;
  Checkpoint checkpoint_;
  ConvertedWeights converted_;
  WeightLoader loader_;
};

}  // namespace blip
