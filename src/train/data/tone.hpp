// Changes of tone: each channel's values by a table that its own histogram gives.
#pragma once

#include "blip/image.hpp"

namespace blip::train {

/// Stretches each channel to 0 … 255; a channel of one value stays. Pillow's ImageOps.autocontrast,
/// bit for bit. (salesforce/BLIP means the same, but negates the smallest value as an unsigned
/// byte, so that a channel without a 0 turns all white there. That is not followed.)
Image with_auto_contrast(const Image& picture);

/// Makes each channel's histogram flat. Pillow's ImageOps.equalize, bit for bit.
Image equalized(const Image& picture);

}  // namespace blip::train
