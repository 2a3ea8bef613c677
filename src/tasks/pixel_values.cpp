#include "tasks/pixel_values.hpp"

#include <algorithm>

#include "blip/error.hpp"

namespace blip {

PixelSizes sizes_of_pixels(TensorView pixel_values) {
  const auto& shape = pixel_values.shape;
  const bool has_four = shape.size() == 4 && shape[1] == 3 &&
                        std::all_of(shape.begin(), shape.end(), [](auto n) { return n > 0; });
  // Compared by division, so that absurd shapes cannot overflow.
  const auto elements = static_cast<std::int64_t>(pixel_values.data.size());
  if (!has_four || elements % shape[3] != 0 || elements / shape[3] % shape[2] != 0 ||
      elements / shape[3] / shape[2] % 3 != 0 || elements / shape[3] / shape[2] / 3 != shape[0]) {
    throw Error(ErrorCode::invalid_argument,
                "pixel_values must be [images, 3, height, width] with that many elements");
  }
  return {shape[0], shape[2], shape[3]};
}

}  // namespace blip
