#include "app/images/image_batch.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace blip::app {

ImageBatch::ImageBatch(std::vector<PreparedImage> all) : all_(std::move(all)) {
  for (const PreparedImage& image : all_) {
    if (image.error.empty()) images_.push_back(&image);
  }
}

std::vector<Images> runs_of_one_shape(Images images, bool consecutive) {
  const auto parted = [consecutive](const PreparedImage* left, const PreparedImage* right) {
    return left->pixel_values.shape != right->pixel_values.shape ||
           (consecutive && left->index + 1 != right->index);
  };
  std::vector<Images> runs;
  while (!images.empty()) {
    const auto last = std::adjacent_find(images.begin(), images.end(), parted);
    const auto count = last == images.end()
                           ? images.size()
                           : static_cast<std::size_t>(std::distance(images.begin(), last)) + 1;
    runs.push_back(images.first(count));
    images = images.subspan(count);
  }
  return runs;
}

Tensor stacked_pixels(Images images) {
  Tensor all;
  all.shape = images.front()->pixel_values.shape;
  all.shape.front() = static_cast<std::int64_t>(images.size());
  all.data.reserve(images.size() * images.front()->pixel_values.data.size());
  for (const PreparedImage* image : images) {
    const std::vector<float>& pixels = image->pixel_values.data;
    all.data.insert(all.data.end(), pixels.begin(), pixels.end());
  }
  return all;
}

std::vector<EncodedImage> encode_in_runs(Images images, const EncodeImages& encode) {
  std::vector<EncodedImage> encoded;
  for (const Images run : runs_of_one_shape(images)) {
    auto some = encode(stacked_pixels(run));
    std::move(some.begin(), some.end(), std::back_inserter(encoded));
  }
  return encoded;
}

}  // namespace blip::app
