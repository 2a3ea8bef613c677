// Rows of matrices, and what is made of one or two of them.
#pragma once

#include <cstddef>
#include <span>

#include "blip/tensor.hpp"

namespace blip::cli {

/// Row `index` of a matrix [R, D].
std::span<const float> row_of(const Tensor& matrix, std::size_t index);

/// Of two rows of unit length.
float cosine(std::span<const float> left, std::span<const float> right);

/// Softmax over the logits of two classes; of the second.
float probability_of_second(std::span<const float> logits);

}  // namespace blip::cli
