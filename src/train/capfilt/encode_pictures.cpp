#include "train/capfilt/encode_pictures.hpp"

#include <algorithm>
#include <iterator>

namespace blip::train {

std::vector<EncodedImage> encode_pictures(
    std::span<const Tensor* const> pixels,
    const std::function<std::vector<EncodedImage>(const Tensor&)>& encode) {
  std::vector<EncodedImage> encoded;
  while (!pixels.empty()) {
    const auto end = std::find_if(pixels.begin(), pixels.end(), [&](const Tensor* each) {
      return each->shape != pixels.front()->shape;
    });
    const auto count = static_cast<std::size_t>(std::distance(pixels.begin(), end));
    Tensor batch;
    batch.shape = pixels.front()->shape;
    batch.shape.front() = static_cast<std::int64_t>(count);
    for (const Tensor* each : pixels.first(count)) {
      batch.data.insert(batch.data.end(), each->data.begin(), each->data.end());
    }
    auto some = encode(batch);
    std::move(some.begin(), some.end(), std::back_inserter(encoded));
    pixels = pixels.subspan(count);
  }
  return encoded;
}

}  // namespace blip::train
