#include "cli/input/image_batch.hpp"

#include <algorithm>
#include <iterator>

namespace blip::cli {

std::vector<Images> runs_that_fit_together(Images images, bool consecutive) {
  const auto parted = [consecutive](const LoadedImage* left, const LoadedImage* right) {
    return left->inputs.pixel_values.shape != right->inputs.pixel_values.shape ||
           (consecutive && left->input.index + 1 != right->input.index);
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
  all.shape = images.front()->inputs.pixel_values.shape;
  all.shape.front() = static_cast<std::int64_t>(images.size());
  all.data.reserve(images.size() * images.front()->inputs.pixel_values.data.size());
  for (const LoadedImage* image : images) {
    const std::vector<float>& pixels = image->inputs.pixel_values.data;
    all.data.insert(all.data.end(), pixels.begin(), pixels.end());
  }
  return all;
}

}  // namespace blip::cli
