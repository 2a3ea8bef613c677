// decoding_headroom: the memory that has to be there before a picture is decoded.
#pragma once

#include <cstddef>

namespace blip::image {

/// Bytes besides the pixels: more the first time, when libvips loads its modules.
std::size_t decoding_headroom() noexcept;

}  // namespace blip::image
