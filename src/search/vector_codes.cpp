#include "search/vector_codes.hpp"

#include <algorithm>
#include <cmath>

namespace blip::search {
namespace {

constexpr float kMostCode = 127.0F;
constexpr float kLargestCode = 128.0F;  // that a file may have, though none is written
// The lengths of differences are sums of rounded numbers.
constexpr double kSlack = 1.0001;

float largest_of(std::span<const float> values) {
  float largest = 0.0F;
  for (const float value : values) largest = std::max(largest, std::abs(value));
  return largest;
}

template <typename Code>
CodeScale encode(std::span<const float> values, float most, Code* code) {
  CodeScale scale{.scale = largest_of(values) / most};
  double squares = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float units = scale.scale > 0.0F ? std::nearbyint(values[i] / scale.scale) : 0.0F;
    code[i] = static_cast<Code>(std::clamp(units, -most, most));
    const double difference = double{values[i]} - double{scale.scale} * code[i];
    squares += difference * difference;
  }
  scale.error = static_cast<float>(kSlack * std::sqrt(squares));
  return scale;
}

}  // namespace

CodeScale encode_vector(std::span<const float> vector, std::span<std::int8_t> code) {
  std::fill(code.begin(), code.end(), std::int8_t{0});
  return encode(vector, kMostCode, code.data());
}

CodedQuery::CodedQuery(std::span<const float> query) : code_(code_size(query.size())) {
  // As fine as 16 bits allow, while a sum of products fits 32.
  constexpr float kMost16 = 32'767.0F;
  constexpr float kMost32 = 2'147'000'000.0F;
  const float most =
      std::floor(std::min(kMost16, kMost32 / (kLargestCode * static_cast<float>(code_.size()))));
  const CodeScale scale = encode(query, most, code_.data());
  scale_ = scale.scale;
  error_ = scale.error;
  double squares = 0;
  for (const float value : query) squares += double{value} * value;
  length_ = static_cast<float>(kSlack * std::sqrt(squares));
  // Of a float sum of so many products, and of this estimate.
  constexpr float kEpsilon = 1.2e-7F;
  rounding_ = length_ * kEpsilon * (8.0F + static_cast<float>(query.size()));
}

void CodedQuery::products(const std::int8_t* codes, std::size_t rows,
                          std::int32_t* products) const {
  int8_row_products(code_.data(), codes, rows, code_.size(), products);
}

}  // namespace blip::search
