// What every class is given: pixel_values [B, 3, H, W].
#pragma once

#include <cstdint>

#include "blip/tensor.hpp"

namespace blip {

struct PixelSizes {
  std::int64_t count = 0;  ///< of images
  std::int64_t height = 0;
  std::int64_t width = 0;
};

/// The sizes of pixel_values: [B, 3, H, W], checked against its data. Throws invalid_argument.
PixelSizes sizes_of_pixels(TensorView pixel_values);

}  // namespace blip
