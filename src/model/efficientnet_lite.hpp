// EfficientNet-Lite: from normalised pixels to a map of features.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "blip/config.hpp"
#include "blip/context.hpp"
#include "kernels/float/convolution.hpp"
#include "model/weight_loader.hpp"

namespace blip {

/// Immutable. Its arithmetic is in float32 whatever number type the weights are stored in: they are
/// few, and the batch norms are folded into them.
class EfficientNetLite {
 public:
  /// Reads the tensors under `prefix` ("efficientnet."), for images of mostly `image_size` pixels a
  /// side.
  EfficientNetLite(WeightLoader& loader, const EfficientNetLiteConfig& config,
                   const std::string& prefix, std::int64_t image_size);

  /// Channels D of the map.
  [[nodiscard]] std::int64_t channels() const noexcept { return top_.shape().outputs; }

  /// Places of the map of an image of this size.
  [[nodiscard]] std::int64_t places(std::int64_t height, std::int64_t width) const;

  /// pixels: [B, 3, H, W] → map: [B, ceil(H / S), ceil(W / S), D], S being the configuration's
  /// total_stride(). An image's map does not depend on the images beside it.
  void encode(const float* pixels, std::int64_t batch, std::int64_t height, std::int64_t width,
              float* map, Context& context) const;

 private:
  struct Block {
    std::optional<Convolution> expansion;
    Convolution depthwise;
    Convolution projection;
  };
  void encode_together(const float* pixels, std::int64_t batch, std::int64_t height,
                       std::int64_t width, float* map, Context& context) const;

  Convolution stem_;
  std::vector<Block> blocks_;
  Convolution top_;
};

}  // namespace blip
