// BlipImageProcessor: resize, rescale and normalise a batch of pictures.
#pragma once

#include <span>

#include "blip/config.hpp"
#include "blip/image.hpp"
#include "blip/tensor.hpp"

namespace blip::image {

/// images: B pictures of any size → [B, 3, height, width]. Equals transformers' BlipImageProcessor
/// on its PIL backend bit for bit. Throws invalid_argument for an empty batch, an empty picture, a
/// size outside 1…65,535, or, where the configuration does not resize, pictures of unequal size.
Tensor preprocess(std::span<const Image> images, const BlipImageProcessorConfig& config);

}  // namespace blip::image
