// What stands before the numbers of a .npy file.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace blip::app {

/// Of float32 numbers of this shape, byte for byte as numpy.save writes it: 128 bytes, which have
/// room for any shape of at most three dimensions.
std::string npy_header(std::span<const std::uint64_t> shape);

}  // namespace blip::app
