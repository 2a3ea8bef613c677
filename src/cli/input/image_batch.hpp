// Which images of a batch go through a model in one call.
#pragma once

#include <span>
#include <vector>

#include "blip/tensor.hpp"
#include "cli/input/image_loader.hpp"

namespace blip::cli {

using Images = std::span<const LoadedImage* const>;

/// `images` cut, in order, into runs of one shape (a model that does not resize has many); with
/// `consecutive` also of neighbouring places in the list.
std::vector<Images> runs_that_fit_together(Images images, bool consecutive = false);

/// Pixel values of several images as one: n of [1, 3, H, W] → [n, 3, H, W].
Tensor stacked_pixels(Images images);

}  // namespace blip::cli
