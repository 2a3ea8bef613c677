#include "image/preprocess.hpp"

#include <cstdint>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "blip/error.hpp"
#include "image/center_crop.hpp"
#include "image/normalize.hpp"
#include "image/resize.hpp"

namespace blip::image {
namespace {

Size size_of(const Image& picture) {
  return {picture.width(), picture.height()};
}

std::string text_of(Size size) {
  return std::to_string(size.width) + " x " + std::to_string(size.height);
}

// The long side of a picture whose short side is resized to `edge`: Python's int(edge * long /
// short), an exact product and one rounded division, cut off.
int long_side(int edge, int long_side, int short_side) {
  constexpr double kMaxSide = 1 << 20;
  const auto product = static_cast<double>(std::int64_t{edge} * long_side);
  const double resized = product / short_side;
  if (resized > kMaxSide) {
    throw Error(ErrorCode::limit_exceeded, "a picture of " + std::to_string(long_side) + " by " +
                                               std::to_string(short_side) +
                                               " pixels is too narrow to be resized");
  }
  return static_cast<int>(resized);
}

Size output_size(Size picture, const ImageProcessorConfig& config) {
  if (config.do_center_crop) return {config.crop_width, config.crop_height};
  return resized_size(picture, config);
}

void check(const ImageProcessorConfig& config) {
  constexpr int kMaxSide = 65'535;
  const auto check_size = [](Size size) {
    if (size.width <= 0 || size.height <= 0) {
      throw Error(ErrorCode::invalid_argument, "cannot preprocess to an empty image");
    }
    if (size.width > kMaxSide || size.height > kMaxSide) {
      throw Error(ErrorCode::invalid_argument,
                  "cannot preprocess to " + text_of(size) + ": sides must be 1 to 65535");
    }
  };
  if (config.do_resize) {
    const int edge = config.size.shortest_edge;
    check_size(edge != 0 ? Size{edge, edge} : Size{config.size.width, config.size.height});
    if (config.backend == ImageBackend::torchvision &&
        (config.resample == Resample::box || config.resample == Resample::hamming)) {
      throw Error(ErrorCode::invalid_argument,
                  "torchvision has no filter with the number " +
                      std::to_string(static_cast<int>(config.resample)));
    }
    if (static_cast<int>(config.resample) < 0 || static_cast<int>(config.resample) > 5) {
      throw Error(ErrorCode::invalid_argument,
                  "no resampling filter has the number " +
                      std::to_string(static_cast<int>(config.resample)));
    }
  }
  if (config.do_center_crop) check_size({config.crop_width, config.crop_height});
}

Size common_size(std::span<const Image> images, const ImageProcessorConfig& config) {
  for (const Image& picture : images) {
    if (picture.width() == 0) {
      throw Error(ErrorCode::invalid_argument, "cannot preprocess an empty image");
    }
  }
  const Size first = output_size(size_of(images.front()), config);
  for (std::size_t i = 1; i < images.size(); ++i) {
    const Size size = output_size(size_of(images[i]), config);
    if (size == first) continue;
    throw Error(ErrorCode::invalid_argument,
                std::string("images of one batch must have the same size when ") +
                    (config.do_resize ? "their aspect ratio is kept and nothing is cropped"
                                      : "do_resize is false") +
                    ": image " + std::to_string(i) + " is " + text_of(size) + ", the first " +
                    text_of(first));
  }
  return first;
}

// [height, width, 3] of the output's size
std::vector<std::uint8_t> resized_and_cropped(const Image& picture,
                                              const ImageProcessorConfig& config) {
  const Size from = size_of(picture);
  const Resizing resizing = {.from = from,
                             .to = resized_size(from, config),
                             .filter = config.resample,
                             .backend = config.backend};
  if (!config.do_center_crop) return resize(picture.pixels(), resizing);
  const CenterCrop crop = center_crop(resizing.to, {config.crop_width, config.crop_height},
                                      config.backend, config.crop_offset);
  auto kept = resize(picture.pixels(), resizing, crop.kept);
  return crop.kept.size == crop.result ? std::move(kept) : with_border(kept, crop);
}

}  // namespace

Size resized_size(Size picture, const ImageProcessorConfig& config) {
  if (!config.do_resize) return picture;
  const int edge = config.size.shortest_edge;
  if (edge == 0) return {config.size.width, config.size.height};
  if (picture.width <= picture.height) {
    return {edge, long_side(edge, picture.height, picture.width)};
  }
  return {long_side(edge, picture.width, picture.height), edge};
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

Image fitted(const Image& picture, const ImageProcessorConfig& config) {
  check(config);
  const Size size = common_size(std::span(&picture, 1), config);
  return {size.width, size.height, resized_and_cropped(picture, config)};
}

Tensor preprocess(std::span<const Image> images, const BlipImageProcessorConfig& config) {
  return preprocess_as(general_config(config), images);
}

Tensor preprocess_as(const ImageProcessorConfig& config, std::span<const Image> images) {
  if (images.empty()) throw Error(ErrorCode::invalid_argument, "no images to preprocess");
  check(config);
  const Size size = common_size(images, config);
  const std::size_t image_floats = std::size_t{3} * size.width * size.height;
  Tensor batch;
  batch.shape = {static_cast<std::int64_t>(images.size()), 3, size.height, size.width};
  try {
    batch.data.resize(images.size() * image_floats);
    float* out = batch.data.data();
    for (const Image& picture : images) {
      normalize(resized_and_cropped(picture, config), normalization_of(config), out);
      out += image_floats;
    }
  } catch (const Error&) {
    throw;
  } catch (const std::exception&) {  // bad_alloc or length_error
    throw Error(ErrorCode::limit_exceeded,
                "not enough memory for a batch of " + std::to_string(images.size()) + " images");
  }
  return batch;
}

}  // namespace blip::image
