#include "architectures/blip/image_processor.hpp"

#include <algorithm>

#include "image/preprocess.hpp"

namespace blip {

Tensor BlipImageProcessor::operator()(std::span<const Image> images) const {
  return image::preprocess(images, config_);
}

int BlipImageProcessor::resized_side() const noexcept {
  return config_.do_resize ? std::max(config_.width, config_.height) : 0;
}

std::shared_ptr<const ImageProcessor> BlipImageProcessor::with_size(int side) const {
  BlipImageProcessorConfig config = config_;
  config.do_resize = true;
  config.width = side;
  config.height = side;
  return std::make_shared<const BlipImageProcessor>(config);
}

}  // namespace blip
