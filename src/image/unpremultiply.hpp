// Colours that a TIFF file stores multiplied by their opacity (associated alpha).
#pragma once

#include <cstddef>
#include <cstdint>

#include "image/pillow_rgb.hpp"

namespace blip::image {

/// Divides by the opacity as Pillow does, in whole numbers of eight bits. libvips has divided
/// already, in floating point, and can be one level below. row: [width, samples] of u8 or u16, as
/// libvips gives it, the fourth sample being the opacity → rgb: [width, 3]
void unpremultiplied_row(const void* row, SampleType type, std::size_t samples, std::size_t width,
                         std::uint8_t* rgb) noexcept;

}  // namespace blip::image
