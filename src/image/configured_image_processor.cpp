#include "image/configured_image_processor.hpp"

#include <algorithm>
#include <cmath>

#include "image/preprocess.hpp"

namespace blip {
namespace {

int scaled(int length, int side, int crop) {
  const double exact = static_cast<double>(length) * side / crop;
  return std::max(side, static_cast<int>(std::lround(std::min(exact, 1e6))));
}

}  // namespace

Tensor ConfiguredImageProcessor::operator()(std::span<const Image> images) const {
  return image::preprocess_as(config_, images);
}

int ConfiguredImageProcessor::resized_side() const noexcept {
  if (!config_.do_resize) return 0;
  const ImageResize& size = config_.size;
  return size.shortest_edge != 0 ? size.shortest_edge : std::max(size.width, size.height);
}

std::shared_ptr<const ImageProcessor> ConfiguredImageProcessor::with_size(int side) const {
  ImageProcessorConfig config = config_;
  ImageResize& size = config.size;
  if (!config.do_center_crop) {
    size = {.height = side, .width = side};
  } else if (!config.do_resize) {
    size = {.shortest_edge = side};
  } else if (size.shortest_edge != 0) {
    const int crop = std::max({config.crop_width, config.crop_height, 1});
    size.shortest_edge = scaled(size.shortest_edge, side, crop);
  } else {
    size.width = scaled(size.width, side, std::max(config.crop_width, 1));
    size.height = scaled(size.height, side, std::max(config.crop_height, 1));
  }
  config.do_resize = true;
  config.crop_width = config.crop_height = side;
  return std::make_shared<const ConfiguredImageProcessor>(config);
}

}  // namespace blip
