// Vectors as 8-bit integers, and how far a product of such a code can be from that of the vector.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/int8/int8_row_products.hpp"

namespace blip::search {

/// Bytes of the code of a vector.
constexpr std::size_t code_size(std::size_t dims) {
  return (dims + kRowCodeBlock - 1) / kRowCodeBlock * kRowCodeBlock;
}

/// vector ≈ scale * code; the length of the difference is at most `error`.
struct CodeScale {
  float scale = 0.0F;
  float error = 0.0F;
};

/// vector: [D], finite → code: [code_size(D)], zeros behind the D-th
CodeScale encode_vector(std::span<const float> vector, std::span<std::int8_t> code);

/// A query, as products with codes take it.
class CodedQuery {
 public:
  /// query: [D], finite
  explicit CodedQuery(std::span<const float> query);

  /// codes: [rows, code_size(D)] → products: [rows], whole numbers
  void products(const std::int8_t* codes, std::size_t rows, std::int32_t* products) const;
  /// What such a number stands for: about the inner product of the query and the vector.
  [[nodiscard]] float value_of(std::int32_t product, const CodeScale& row) const noexcept {
    return scale_ * row.scale * static_cast<float>(product);
  }
  /// How far inner_product of the query and the vector may be from that, at most, for vectors no
  /// longer than `length`: by Cauchy and Schwarz.
  [[nodiscard]] float bound_of(const CodeScale& row, float length) const noexcept {
    return length_ * row.error + error_ * (length + row.error) + rounding_ * length;
  }

 private:
  std::vector<std::int16_t> code_;
  float scale_ = 0.0F;
  float error_ = 0.0F;   // length of query - scale * code
  float length_ = 0.0F;  // of the query
  float rounding_ = 0.0F;
};

}  // namespace blip::search
