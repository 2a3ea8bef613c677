// Pillow's Image.resize for RGB pictures, and torchvision's.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "blip/image.hpp"
#include "blip/image_processor_config.hpp"
#include "image/size.hpp"

namespace blip::image {

struct Resizing {
  Size from;
  Size to;
  Resample filter = Resample::bicubic;
  ImageBackend backend = ImageBackend::pillow;
};

/// The part `window` of a resized picture, which costs only what it reads.
/// pixels: [from.height, from.width, 3] → [window.size.height, window.size.width, 3]
std::vector<std::uint8_t> resize(std::span<const std::uint8_t> pixels, const Resizing& resizing,
                                 const Window& window);

/// The whole of it. → [to.height, to.width, 3]
inline std::vector<std::uint8_t> resize(std::span<const std::uint8_t> pixels,
                                        const Resizing& resizing) {
  return resize(pixels, resizing, {.size = resizing.to});
}

}  // namespace blip::image
