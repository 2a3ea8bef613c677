// The eight EXIF orientations, as PIL.ImageOps.exif_transpose applies them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "image/resize.hpp"

namespace blip::image {

/// The orientation in an XMP packet, where Pillow looks when EXIF has none; 1 if there is none.
int xmp_orientation(std::string_view xmp);

/// Turns rgb ([size.height, size.width, 3]) upright and `size` with it; orientations outside 2…8
/// leave both alone.
void apply_orientation(int orientation, Size& size, std::vector<std::uint8_t>& rgb);

}  // namespace blip::image
