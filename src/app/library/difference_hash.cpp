#include "app/library/difference_hash.hpp"

#include <cstddef>

namespace blip::app {

std::uint64_t difference_hash(const Image& image) {
  constexpr int kWidth = 9;
  constexpr int kHeight = 8;
  const Image small = image.resized(kWidth, kHeight, Resample::box);
  const auto grey = [&](std::size_t pixel) {  // ITU-R 601, in thousandths
    const auto rgb = small.pixels().subspan(3 * pixel, 3);
    return 299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2];
  };
  std::uint64_t hash = 0;
  for (std::size_t y = 0; y < kHeight; ++y) {
    for (std::size_t x = 0; x + 1 < kWidth; ++x) {
      const std::size_t pixel = y * kWidth + x;
      hash = hash << 1 | static_cast<std::uint64_t>(grey(pixel + 1) > grey(pixel));
    }
  }
  return hash;
}

}  // namespace blip::app
