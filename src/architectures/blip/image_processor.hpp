// BlipImageProcessor: resize to one size, whatever the aspect ratio, rescale and normalise.
#pragma once

#include "blip/config.hpp"
#include "blip/image_processor_config.hpp"
#include "image/image_processor.hpp"

namespace blip {

class BlipImageProcessor final : public ImageProcessor {
 public:
  explicit BlipImageProcessor(const BlipImageProcessorConfig& config) : config_(config) {}

  [[nodiscard]] Tensor operator()(std::span<const Image> images) const override;
  [[nodiscard]] int resized_side() const noexcept override;
  [[nodiscard]] std::shared_ptr<const ImageProcessor> with_size(int side) const override;

 private:
  BlipImageProcessorConfig config_;
};

/// The same as the description that all image processors have.
ImageProcessorConfig general_config(const BlipImageProcessorConfig& config);

}  // namespace blip
