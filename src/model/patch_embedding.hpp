// PatchEmbedding: from normalised pixels to a token for each patch, without positions.
#pragma once

#include <cstdint>
#include <optional>

#include "architectures/vision_transformer.hpp"
#include "blip/context.hpp"
#include "kernels/layout/weight_matrix.hpp"
#include "model/efficientnet_lite.hpp"
#include "model/weight_loader.hpp"

namespace blip {

/// Immutable. A patch is a square of pixels, or of a hybrid tower a place of the backbone's map
/// (Dosovitskiy et al. 2021, section 3.1). Pixels past the last whole square are dropped, as a
/// convolution without padding drops them; a backbone sees all.
class PatchEmbedding {
 public:
  struct Grid {
    std::int64_t height = 0;
    std::int64_t width = 0;

    [[nodiscard]] std::int64_t patches() const noexcept { return height * width; }
  };

  PatchEmbedding(WeightLoader& loader, const VisionTransformer& tower);

  /// Throws invalid_argument for an image smaller than a patch.
  [[nodiscard]] Grid grid(std::int64_t height, std::int64_t width) const;

  /// pixels: [B, 3, H, W] → out: [B, patches, E]
  void embed(const float* pixels, std::int64_t batch, std::int64_t height, std::int64_t width,
             float* out, Context& context) const;

 private:
  std::int64_t patch_ = 1;   // pixels of a side, without a backbone
  std::int64_t stride_ = 0;  // of the backbone
  std::int64_t inputs_ = 0;  // numbers of a patch
  std::optional<EfficientNetLite> backbone_;
  Linear projection_;  // [E, inputs]
};

}  // namespace blip
