// Pillow's Image.resize for RGB pictures.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "blip/image.hpp"

namespace blip::image {

struct Size {
  int width = 0;
  int height = 0;
  bool operator==(const Size&) const = default;
};

/// pixels: [from.height, from.width, 3] → [to.height, to.width, 3]
std::vector<std::uint8_t> resize(std::span<const std::uint8_t> pixels, Size from, Size to,
                                 Resample filter);

}  // namespace blip::image
