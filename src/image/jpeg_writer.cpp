#include "image/jpeg_writer.hpp"

#include <algorithm>
#include <cmath>

#include "image/saved_bytes.hpp"

namespace blip::image {

std::vector<std::byte> jpeg_bytes(const Image& image, int quality) {
  return saved_bytes(image, "JPEG", [&](VipsImage* source, void** buffer, std::size_t* size) {
    return vips_jpegsave_buffer(source, buffer, size, "Q", quality, "strip", TRUE, nullptr);
  });
}

std::vector<std::byte> small_jpeg_bytes(const Image& image, int longest_side, int quality) {
  const double shrink =
      std::min(1.0, static_cast<double>(longest_side) / std::max(image.width(), image.height()));
  if (shrink == 1) return jpeg_bytes(image, quality);
  const auto pixels = [shrink](int side) {
    return std::max(1, static_cast<int>(std::lround(shrink * side)));
  };
  return jpeg_bytes(image.resized(pixels(image.width()), pixels(image.height()), Resample::box),
                    quality);
}

}  // namespace blip::image
