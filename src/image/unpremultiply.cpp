#include "image/unpremultiply.hpp"

#include <algorithm>
#include <limits>

namespace blip::image {
namespace {

constexpr std::size_t kAlpha = 3;

// Pillow's ImagingUnpackRGBa.
std::uint8_t divided(std::uint32_t stored, std::uint32_t alpha) {
  if (alpha == 0) return 0;
  if (alpha == 255) return static_cast<std::uint8_t>(stored);
  return static_cast<std::uint8_t>(std::min(stored * 255 / alpha, 255U));
}

template <typename Sample>
void unpremultiply(const Sample* pixel, std::size_t samples, std::size_t width, std::uint8_t* rgb) {
  constexpr std::uint64_t kFull = std::numeric_limits<Sample>::max();
  constexpr int kDropped = std::numeric_limits<Sample>::digits - 8;  // low bits
  for (std::size_t x = 0; x < width; ++x, pixel += samples, rgb += 3) {
    const std::uint64_t alpha = pixel[kAlpha];
    for (std::size_t c = 0; c < 3; ++c) {
      // What the file has: the one whole number whose quotient lies in [pixel, pixel + 1).
      const std::uint64_t stored = (pixel[c] * alpha + kFull - 1) / kFull;
      rgb[c] = divided(static_cast<std::uint32_t>(stored >> kDropped),
                       static_cast<std::uint32_t>(alpha >> kDropped));
    }
  }
}

}  // namespace

void unpremultiplied_row(const void* row, SampleType type, std::size_t samples, std::size_t width,
                         std::uint8_t* rgb) noexcept {
  if (type == SampleType::u8) {
    unpremultiply(static_cast<const std::uint8_t*>(row), samples, width, rgb);
  } else {
    unpremultiply(static_cast<const std::uint16_t*>(row), samples, width, rgb);
  }
}

}  // namespace blip::image
