// preprocess: resize, crop, rescale and normalise a batch of pictures.
#pragma once

#include <span>

#include "blip/config.hpp"
#include "blip/image.hpp"
#include "blip/image_processor_config.hpp"
#include "blip/tensor.hpp"
#include "image/size.hpp"

namespace blip::image {

/// images: B pictures of any size → [B, 3, height, width]. Equals transformers' image processors of
/// the same configuration bit for bit. Throws invalid_argument for an empty batch, an empty
/// picture, a configuration without a size or with a filter that the backend lacks, or pictures
/// that do not come out at one size; limit_exceeded for a resized side beyond 1,048,576.
Tensor preprocess_as(const ImageProcessorConfig& config, std::span<const Image> images);

/// The same for transformers' BlipImageProcessor on its PIL backend, sides 1 to 65,535.
Tensor preprocess(std::span<const Image> images, const BlipImageProcessorConfig& config);

/// A picture before it becomes numbers: resized and cropped alone. Throws as preprocess_as.
Image fitted(const Image& picture, const ImageProcessorConfig& config);

/// BLIP's configuration as one of the general kind.
ImageProcessorConfig general_config(const BlipImageProcessorConfig& config);

/// The size that a picture is resized to, before it is cropped.
Size resized_size(Size picture, const ImageProcessorConfig& config);

}  // namespace blip::image
