#include "search/inner_product.hpp"

#include <array>

namespace blip::search {

float inner_product(const float* a, const float* b, std::size_t size) {
  // Independent sums, so that the compiler may use vectors: a float sum must not be reordered.
  constexpr std::size_t kSums = 16;
  std::array<float, kSums> sums{};
  std::size_t i = 0;
  for (; i + kSums <= size; i += kSums) {
    for (std::size_t k = 0; k < kSums; ++k) sums[k] += a[i + k] * b[i + k];
  }
  float total = 0.0F;
  for (; i < size; ++i) total += a[i] * b[i];
  for (std::size_t half = kSums / 2; half > 0; half /= 2) {
    for (std::size_t k = 0; k < half; ++k) sums[k] += sums[k + half];
  }
  return total + sums[0];
}

}  // namespace blip::search
