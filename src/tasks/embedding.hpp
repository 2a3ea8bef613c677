// What the heads make of single states: projections, embeddings of unit length, probabilities.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "blip/context.hpp"
#include "blip/encoded_image.hpp"
#include "blip/tensor.hpp"
#include "kernels/layout/weight_matrix.hpp"

namespace blip {

/// x: [rows, C] → [rows, O]. Throws malformed if any of it is NaN or infinity, which only damaged
/// weights make.
Tensor project(const float* x, std::int64_t rows, const Linear& projection, Context& context);

/// torch.nn.functional.normalize(x, dim=-1), in place: x [rows, C]
void normalize_rows(Tensor& x);

/// The class tokens of images of width E: → [images, E]
std::vector<float> class_tokens(std::span<const EncodedImage> images, std::int64_t width);

/// Softmax over the logits of two classes; of the second.
float probability_of_second(std::span<const float> logits);

/// a, b: [C] → their dot product, of unit vectors the cosine
float dot(std::span<const float> a, std::span<const float> b);

/// images: [I, width], texts: [T, width], of any lengths → [I, T], their cosines times `scale`.
/// Throws invalid_argument for another width.
Tensor scaled_cosines(TensorView images, TensorView texts, std::int64_t width, float scale);

/// Row `index` of x: [rows, C] → [C]
std::span<const float> row_of(const Tensor& x, std::size_t index);

}  // namespace blip
