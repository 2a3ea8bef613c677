// A map of numbers over a photo, in colours.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "blip/image.hpp"

namespace blip::image {

using Colour = std::array<std::uint8_t, 3>;

/// Of `value`, 0 to 1: matplotlib's "inferno", whose lightness grows evenly from black over purple
/// and orange to light yellow, so that it says the same in grey and to the colour-blind.
Colour heat_colour(float value);

/// map: [rows, columns], scaled so that its least value is cold and its greatest hot (all cold if
/// they are the same), enlarged by bicubic interpolation to the size of the photo and blended over
/// it. Cold places are darkened, hot ones coloured. Throws invalid_argument if the numbers do not
/// make a map.
Image heat_map_over(const Image& photo, std::span<const float> map, int rows, int columns);

}  // namespace blip::image
