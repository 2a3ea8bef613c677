#include "image/center_crop.hpp"

#include <algorithm>
#include <cstring>

namespace blip::image {
namespace {

struct Axis {
  int first = 0;  // of what is kept
  int count = 0;
  int border = 0;  // before it
};

// Half of `twice`, 0 or more.
int half(int twice, CropOffset offset) {
  const int down = twice / 2;
  return offset == CropOffset::rounded_to_even && twice % 2 != 0 ? down + down % 2 : down;
}

Axis crop_axis(int from, int to, ImageBackend backend, CropOffset offset) {
  if (from >= to) return {.first = half(from - to, offset), .count = to};
  const int missing = to - from;
  const int border = backend == ImageBackend::pillow ? (missing + 1) / 2 : missing / 2;
  return {.count = from, .border = border};
}

}  // namespace

CenterCrop center_crop(Size from, Size to, ImageBackend backend, CropOffset offset) {
  const Axis x = crop_axis(from.width, to.width, backend, offset);
  const Axis y = crop_axis(from.height, to.height, backend, offset);
  return {.kept = {.x = x.first, .y = y.first, .size = {.width = x.count, .height = y.count}},
          .x = x.border,
          .y = y.border,
          .result = to};
}

std::vector<std::uint8_t> with_border(std::span<const std::uint8_t> pixels,
                                      const CenterCrop& crop) {
  const std::size_t row_bytes = std::size_t{3} * crop.kept.size.width;
  const std::size_t result_row_bytes = std::size_t{3} * crop.result.width;
  std::vector<std::uint8_t> result(result_row_bytes * crop.result.height);
  std::uint8_t* target = result.data() + crop.y * result_row_bytes + std::size_t{3} * crop.x;
  for (int y = 0; y < crop.kept.size.height; ++y, target += result_row_bytes) {
    std::memcpy(target, pixels.data() + y * row_bytes, row_bytes);
  }
  return result;
}

}  // namespace blip::image
