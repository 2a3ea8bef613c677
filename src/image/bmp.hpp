// Windows and OS/2 bitmaps, which libvips leaves to a loader that is not made for hostile files.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "image/resize.hpp"
#include "image/transparency.hpp"

namespace blip::image {

struct BmpHeader {
  Size size;
  bool top_down = false;
  std::uint32_t bits = 0;  ///< per pixel: 1, 4, 8 (palette), 16, 24 or 32
  std::size_t pixels_at = 0;
  /// 16 bits and more: which bits of a pixel are red, green and blue.
  std::array<std::uint32_t, 3> masks{};
  std::uint32_t alpha_mask = 0;  ///< 0: every pixel is opaque
  /// 8 bits and less: [colours, 3]
  std::vector<std::array<std::uint8_t, 3>> palette;
};

/// Throws malformed, or unsupported (run-length encoding, and channels that Pillow refuses too).
BmpHeader bmp_header(std::span<const std::byte> bytes, const std::string& name);

/// → [height, width, 3]. Throws malformed if the pixels are not all there.
std::vector<std::uint8_t> bmp_pixels(std::span<const std::byte> bytes, const BmpHeader& header,
                                     const std::string& name);

/// Lays the pixels, which bmp_pixels has read, over `background` by their alpha.
void blend_bmp(std::span<const std::byte> bytes, const BmpHeader& header, const Colour& background,
               std::vector<std::uint8_t>& rgb);

}  // namespace blip::image
