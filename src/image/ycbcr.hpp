// A brightness and two differences of colour, as Pillow turns them into red, green and blue.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blip::image {

/// Y, Cb and Cr of JFIF, as bytes, to RGB as Pillow's ImagingConvertYCbCr2RGB: in place.
/// pixels: [width, 3]
void ycbcr_to_rgb(std::uint8_t* pixels, std::size_t width) noexcept;

}  // namespace blip::image
