#include "cli/tensor_rows.hpp"

#include <cmath>
#include <numeric>

namespace blip::cli {

std::span<const float> row_of(const Tensor& matrix, std::size_t index) {
  const auto width = static_cast<std::size_t>(matrix.shape.back());
  return matrix.values().subspan(index * width, width);
}

float cosine(std::span<const float> left, std::span<const float> right) {
  return std::inner_product(left.begin(), left.end(), right.begin(), 0.0F);
}

float probability_of_second(std::span<const float> logits) {
  return 1.0F / (1.0F + std::exp(logits[0] - logits[1]));
}

}  // namespace blip::cli
