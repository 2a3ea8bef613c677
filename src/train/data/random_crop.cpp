#include "train/data/random_crop.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace blip::train {
namespace {

constexpr double kMinShape = 3.0 / 4.0;
constexpr double kMaxShape = 4.0 / 3.0;
constexpr int kTries = 10;

// Python's round: halves go to the even neighbour.
int rounded(double value) {
  return static_cast<int>(std::nearbyint(value));
}

CropBox central_box(int width, int height) {
  const double shape = static_cast<double>(width) / height;
  int box_width = width;
  int box_height = height;
  if (shape < kMinShape) box_height = rounded(width / kMinShape);
  if (shape > kMaxShape) box_width = rounded(height * kMaxShape);
  // Never more than there is, and never nothing (a picture of one pixel's height).
  box_width = std::clamp(box_width, 1, width);
  box_height = std::clamp(box_height, 1, height);
  return {(width - box_width) / 2, (height - box_height) / 2, box_width, box_height};
}

}  // namespace

CropBox random_crop_box(int width, int height, double min_area, SampleRandom& random) {
  const double area = static_cast<double>(width) * height;
  for (int i = 0; i < kTries; ++i) {
    const double box_area = random.uniform(min_area, 1.0) * area;
    const double shape = std::exp(random.uniform(std::log(kMinShape), std::log(kMaxShape)));
    const int box_width = rounded(std::sqrt(box_area * shape));
    const int box_height = rounded(std::sqrt(box_area / shape));
    if (box_width < 1 || box_width > width || box_height < 1 || box_height > height) continue;
    const auto top = random.below(static_cast<std::uint32_t>(height - box_height + 1));
    const auto left = random.below(static_cast<std::uint32_t>(width - box_width + 1));
    return {static_cast<int>(left), static_cast<int>(top), box_width, box_height};
  }
  return central_box(width, height);
}

Image cropped(const Image& picture, const CropBox& box) {
  constexpr std::size_t kChannels = 3;
  const std::size_t row_bytes = kChannels * static_cast<std::size_t>(box.width);
  std::vector<std::uint8_t> pixels(row_bytes * static_cast<std::size_t>(box.height));
  for (int y = 0; y < box.height; ++y) {
    const std::size_t from =
        (static_cast<std::size_t>(box.top + y) * static_cast<std::size_t>(picture.width()) +
         static_cast<std::size_t>(box.left)) *
        kChannels;
    std::memcpy(pixels.data() + static_cast<std::size_t>(y) * row_bytes,
                picture.pixels().data() + from, row_bytes);
  }
  return {box.width, box.height, std::move(pixels)};
}

Image resized_crop(const Image& picture, const CropBox& box, int size) {
  return cropped(picture, box).resized(size, size, Resample::bicubic);
}

}  // namespace blip::train
