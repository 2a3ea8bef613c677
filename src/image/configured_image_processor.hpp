// ConfiguredImageProcessor: the ImageProcessor that an ImageProcessorConfig describes.
#pragma once

#include "blip/image_processor_config.hpp"
#include "image/image_processor.hpp"

namespace blip {

class ConfiguredImageProcessor final : public ImageProcessor {
 public:
  explicit ConfiguredImageProcessor(const ImageProcessorConfig& config) : config_(config) {}

  [[nodiscard]] Tensor operator()(std::span<const Image> images) const override;
  [[nodiscard]] int resized_side() const noexcept override;
  /// A crop becomes `side`, and the size before it grows or shrinks along with it. Without a crop
  /// pictures are resized to the square.
  [[nodiscard]] std::shared_ptr<const ImageProcessor> with_size(int side) const override;

  [[nodiscard]] const ImageProcessorConfig& config() const noexcept { return config_; }

 private:
  ImageProcessorConfig config_;
};

}  // namespace blip
