// difference_hash: how a picture looks, in 64 bits that its size and encoding hardly change.
#pragma once

#include <cstdint>

#include "blip/image.hpp"

namespace blip::app {

/// dHash: the picture in grey, at 9 x 8 pixels by means over boxes; one bit for each pixel and its
/// right neighbour, 1 if the neighbour is brighter.
std::uint64_t difference_hash(const Image& image);

}  // namespace blip::app
