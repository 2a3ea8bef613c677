// BlipImageProcessor: resize to one size, whatever the aspect ratio, rescale and normalise.
#pragma once

#include "blip/config.hpp"
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

}  // namespace blip
