// The scales of int8 tensors, by the names that the compressed-tensors library gives them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/checkpoint.hpp"

namespace blip {

/// Whether a tensor of this shape is a matrix [O, C], be it as a convolution of single pixels [O,
/// C, 1, 1]: only these can be held as int8.
bool is_matrix(std::span<const std::int64_t> shape);

/// Whether int8 is made of such a tensor when it is asked for: of all matrices but the convolutions
/// of few weights.
bool is_made_int8(std::span<const std::int64_t> shape);

/// The tensor with the scales of int8 tensor `weight`: "….weight" → "….weight_scale".
std::string weight_scale_name(std::string_view weight);

/// The int8 tensor whose scales have this name; null if the checkpoint has none.
const CheckpointTensor* find_scaled_weight(const Checkpoint& checkpoint, std::string_view name);

/// weight: an I8 matrix [O, C] → [O], the scales beside it: value = scale * stored. Throws
/// unsupported (the tensor is no matrix), missing_tensor (no scales), shape_mismatch (not [O, 1])
/// or malformed (not F32, or negative, infinite or NaN), naming the scales.
std::vector<float> read_weight_scales(const Checkpoint& checkpoint, const CheckpointTensor& weight);

}  // namespace blip
