// Pictures through a vision tower, as many together as have one size.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "blip/encoded_image.hpp"
#include "blip/tensor.hpp"

namespace blip::train {

/// pixels: n of [1, 3, H, W] → n images, in order. `encode` gets [B, 3, H, W].
std::vector<EncodedImage> encode_pictures(
    std::span<const Tensor* const> pixels,
    const std::function<std::vector<EncodedImage>(const Tensor&)>& encode);

}  // namespace blip::train
