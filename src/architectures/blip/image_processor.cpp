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

ImageProcessorConfig general_config(const BlipImageProcessorConfig& config) {
  return {.do_resize = config.do_resize,
          .size = {.height = config.height, .width = config.width},
          .resample = config.resample,
          .do_center_crop = false,
          .do_rescale = config.do_rescale,
          .rescale_factor = config.rescale_factor,
          .do_normalize = config.do_normalize,
          .image_mean = config.image_mean,
          .image_std = config.image_std};
}

}  // namespace blip
