// Pixels to the floats a vision tower reads.
#pragma once

#include "blip/config.hpp"
#include "blip/image.hpp"

namespace blip::image {

/// image: [H, W, 3] → out: [3, H, W], rescaled and normalised as `config` says.
void normalize(const Image& image, const BlipImageProcessorConfig& config, float* out);

}  // namespace blip::image
