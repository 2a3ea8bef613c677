#include "image/normalize.hpp"

#include <array>
#include <cstddef>

namespace blip::image {
namespace {

// A pixel has 256 values, so the arithmetic is done 256 times a channel, in the reference's types:
// the product in double, rounded to float; mean and deviation in float.
using Table = std::array<float, 256>;

Table table_of(const BlipImageProcessorConfig& config, std::size_t channel) {
  Table table;
  for (std::size_t value = 0; value < table.size(); ++value) {
    auto x = static_cast<float>(value);
    if (config.do_rescale)
      x = static_cast<float>(static_cast<double>(value) * config.rescale_factor);
    if (config.do_normalize) {
      x = (x - config.image_mean[channel]) / config.image_std[channel];
    }
    table[value] = x;
  }
  return table;
}

}  // namespace

void normalize(const Image& image, const BlipImageProcessorConfig& config, float* out) {
  const std::array<Table, 3> tables = {table_of(config, 0), table_of(config, 1),
                                       table_of(config, 2)};
  const auto pixels = image.pixels();
  const std::size_t plane = pixels.size() / 3;
  for (std::size_t i = 0; i < plane; ++i) {
    for (std::size_t c = 0; c < 3; ++c) out[c * plane + i] = tables[c][pixels[3 * i + c]];
  }
}

}  // namespace blip::image
