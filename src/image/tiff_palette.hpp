// A check that libtiff does not make.
#pragma once

#include <cstddef>
#include <span>

namespace blip::image {

/// True if the first picture of a TIFF file needs a palette that the file, cut short perhaps, does
/// not have. libtiff would show the palette's indices as shades of grey.
bool tiff_lacks_palette(std::span<const std::byte> bytes);

}  // namespace blip::image
