#include "image/preprocess.hpp"

#include <new>
#include <string>

#include "blip/error.hpp"
#include "image/normalize.hpp"
#include "image/resize.hpp"

namespace blip::image {
namespace {

Size target_size(std::span<const Image> images, const BlipImageProcessorConfig& config) {
  if (config.do_resize) return {config.width, config.height};
  const Size first = {images.front().width(), images.front().height()};
  for (std::size_t i = 1; i < images.size(); ++i) {
    if (Size{images[i].width(), images[i].height()} != first) {
      throw Error(ErrorCode::invalid_argument,
                  "images of one batch must have the same size when do_resize is false: image " +
                      std::to_string(i) + " is " + std::to_string(images[i].width()) + " x " +
                      std::to_string(images[i].height()) + ", the first " +
                      std::to_string(first.width) + " x " + std::to_string(first.height));
    }
  }
  return first;
}

}  // namespace

Tensor preprocess(std::span<const Image> images, const BlipImageProcessorConfig& config) {
  if (images.empty()) throw Error(ErrorCode::invalid_argument, "no images to preprocess");
  const Size size = target_size(images, config);
  if (size.width <= 0 || size.height <= 0) {
    throw Error(ErrorCode::invalid_argument, "cannot preprocess to an empty image");
  }
  const std::size_t image_floats = std::size_t{3} * size.width * size.height;
  Tensor batch;
  batch.shape = {static_cast<std::int64_t>(images.size()), 3, size.height, size.width};
  try {
    batch.data.resize(images.size() * image_floats);
  } catch (const std::exception&) {  // bad_alloc or length_error
    throw Error(ErrorCode::limit_exceeded,
                "not enough memory for a batch of " + std::to_string(images.size()) + " images");
  }
  float* out = batch.data.data();
  for (const Image& picture : images) {
    if (config.do_resize) {
      normalize(picture.resized(size.width, size.height, config.resample), config, out);
    } else {
      normalize(picture, config, out);
    }
    out += image_floats;
  }
  return batch;
}

}  // namespace blip::image
