// CenterCrop: where the middle of a picture lies, and where its border goes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "blip/image_processor_config.hpp"
#include "image/size.hpp"

namespace blip::image {

/// The part of a picture that a crop keeps, and its place in the result; the rest of that is 0.
struct CenterCrop {
  Window kept;  ///< in the picture
  int x = 0;    ///< of its left upper corner in the result
  int y = 0;
  Size result;
};

/// Where a picture of size `from` is cropped to `to`. A border that cannot be the same on both
/// sides is wider at the left and the top with Pillow's arithmetic, narrower with torchvision's.
CenterCrop center_crop(Size from, Size to, ImageBackend backend,
                       CropOffset offset = CropOffset::rounded_down);

/// pixels: [kept.size.height, kept.size.width, 3] → [result.height, result.width, 3]
std::vector<std::uint8_t> with_border(std::span<const std::uint8_t> pixels, const CenterCrop& crop);

}  // namespace blip::image
