#include "image/normalize.hpp"

#include <array>
#include <cstddef>

namespace blip::image {

void normalize(std::span<const std::uint8_t> pixels, const Normalization& normalization,
               float* out) {
  const std::array<NormalizationTable, 3> tables = {normalization_table(normalization, 0),
                                                    normalization_table(normalization, 1),
                                                    normalization_table(normalization, 2)};
  const std::size_t plane = pixels.size() / 3;
  for (std::size_t i = 0; i < plane; ++i) {
    for (std::size_t c = 0; c < 3; ++c) out[c * plane + i] = tables[c][pixels[3 * i + c]];
  }
}

}  // namespace blip::image
