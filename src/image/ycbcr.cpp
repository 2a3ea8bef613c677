#include "image/ycbcr.hpp"

#include <algorithm>
#include <array>

namespace blip::image {
namespace {

// Pillow's tables: products with six more bits, a half added, cut off towards 0.
constexpr int kFractionBits = 6;
constexpr std::array<int, 256> products(double factor) {
  std::array<int, 256> table{};
  for (int i = 0; i < 256; ++i) {
    table[static_cast<std::size_t>(i)] = static_cast<int>(factor * (i - 128) * 64 + 0.5);
  }
  return table;
}
constexpr std::array<int, 256> kRedOfCr = products(1.402);
constexpr std::array<int, 256> kGreenOfCb = products(-0.34414);
constexpr std::array<int, 256> kGreenOfCr = products(-0.71414);
constexpr std::array<int, 256> kBlueOfCb = products(1.772);

std::uint8_t colour_sum(int brightness, int product) {
  return static_cast<std::uint8_t>(std::clamp(brightness + (product >> kFractionBits), 0, 255));
}

}  // namespace

void ycbcr_to_rgb(std::uint8_t* pixels, std::size_t width) noexcept {
  for (std::size_t x = 0; x < width; ++x, pixels += 3) {
    const int y = pixels[0];
    const std::size_t cb = pixels[1];
    const std::size_t cr = pixels[2];
    pixels[0] = colour_sum(y, kRedOfCr[cr]);
    pixels[1] = colour_sum(y, kGreenOfCb[cb] + kGreenOfCr[cr]);
    pixels[2] = colour_sum(y, kBlueOfCb[cb]);
  }
}

}  // namespace blip::image
