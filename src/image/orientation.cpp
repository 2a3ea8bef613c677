#include "image/orientation.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace blip::image {
namespace {

// Where the source pixel of target (0, 0) lies, and how it moves with the target's x and y.
struct Walk {
  std::ptrdiff_t start;
  std::ptrdiff_t per_x;
  std::ptrdiff_t per_y;
};

Walk walk_of(int orientation, std::ptrdiff_t width, std::ptrdiff_t height) {
  const std::ptrdiff_t right = width - 1;
  const std::ptrdiff_t bottom = (height - 1) * width;
  switch (orientation) {
    case 2:  // mirrored
      return {right, -1, width};
    case 3:  // upside down
      return {bottom + right, -1, -width};
    case 4:  // upside down, mirrored
      return {bottom, 1, -width};
    case 5:  // transposed
      return {0, width, 1};
    case 6:  // to be turned clockwise
      return {bottom, -width, 1};
    case 7:  // transposed along the other diagonal
      return {bottom + right, -width, -1};
    default:  // 8: to be turned anticlockwise
      return {right, width, -1};
  }
}

}  // namespace

int xmp_orientation(std::string_view xmp) {
  // The same pattern as Pillow's: tiff:Orientation(="|>)([0-9])
  constexpr std::string_view kTag = "tiff:Orientation";
  for (auto at = xmp.find(kTag); at != std::string_view::npos; at = xmp.find(kTag, at)) {
    at += kTag.size();
    std::string_view rest = xmp.substr(at);
    if (rest.starts_with("=\"")) {
      rest.remove_prefix(2);
    } else if (rest.starts_with('>')) {
      rest.remove_prefix(1);
    } else {
      continue;
    }
    if (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') return rest.front() - '0';
  }
  return 1;
}

void apply_orientation(int orientation, Size& size, std::vector<std::uint8_t>& rgb) {
  if (orientation < 2 || orientation > 8) return;
  constexpr std::ptrdiff_t kChannels = 3;
  const Walk walk = walk_of(orientation, size.width, size.height);
  if (orientation >= 5) std::swap(size.width, size.height);

  // A turned row reads a column; in tiles, both sides stay in the cache.
  constexpr std::ptrdiff_t kTile = 32;
  const std::ptrdiff_t width = size.width;
  const std::ptrdiff_t height = size.height;
  std::vector<std::uint8_t> upright(rgb.size());
  for (std::ptrdiff_t y0 = 0; y0 < height; y0 += kTile) {
    const std::ptrdiff_t y1 = std::min(y0 + kTile, height);
    for (std::ptrdiff_t x0 = 0; x0 < width; x0 += kTile) {
      const std::ptrdiff_t x1 = std::min(x0 + kTile, width);
      for (std::ptrdiff_t y = y0; y < y1; ++y) {
        std::ptrdiff_t source = walk.start + x0 * walk.per_x + y * walk.per_y;
        std::uint8_t* target = upright.data() + kChannels * (y * width + x0);
        for (std::ptrdiff_t x = x0; x < x1; ++x, source += walk.per_x, target += kChannels) {
          std::memcpy(target, rgb.data() + kChannels * source, kChannels);
        }
      }
    }
  }
  rgb = std::move(upright);
}

}  // namespace blip::image
