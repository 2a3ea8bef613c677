// Pixels to the floats a vision tower reads.
#pragma once

#include <cstdint>
#include <span>

#include "blip/config.hpp"
#include "blip/image.hpp"
#include "image/normalization_table.hpp"

namespace blip::image {

/// pixels: [H, W, 3] → out: [3, H, W], rescaled and normalised.
void normalize(std::span<const std::uint8_t> pixels, const Normalization& normalization,
               float* out);

/// image: [H, W, 3] → out: [3, H, W], as `config` says.
inline void normalize(const Image& image, const BlipImageProcessorConfig& config, float* out) {
  normalize(image.pixels(), normalization_of(config), out);
}

}  // namespace blip::image
