// Convolutions that a batch norm follows, as one: the norm of inference is a factor and an addend
// for each channel, which go into the weights and the bias.
#pragma once

#include <cstdint>
#include <string>

#include "kernels/float/convolution.hpp"
#include "model/weight_loader.hpp"

namespace blip {

/// Names without ".weight" and the like.
struct FoldedNames {
  std::string convolution;
  std::string batch_norm;
};

/// norm(conv(x)) of TensorFlow's SAME padding, for images of mostly `size` × `size` pixels. Folded
/// in double precision:
///   weight' = weight * gamma / sqrt(variance + epsilon)
///   bias'   = beta - mean * gamma / sqrt(variance + epsilon)
/// Throws malformed for a variance that has no such root, naming the tensor.
Convolution load_folded_convolution(WeightLoader& loader, const FoldedNames& names,
                                    const ConvolutionShape& shape, float epsilon,
                                    std::int64_t size);

}  // namespace blip
