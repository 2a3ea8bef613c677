// A tensor's bytes in another number type, piece by piece.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "checkpoint/checkpoint.hpp"

namespace blip::app {

using WriteBytes = std::function<void(std::string_view)>;

/// Hands the tensor's elements in number type `dtype` to `write`, rounded to nearest even as torch
/// does, and returns how many bytes they were. `dtype` is the tensor's own, or f32, f16 or bf16, or
/// of a matrix i8, whose scales write_scales writes. Throws what TensorRows and quantize_tensor
/// throw.
std::uint64_t write_tensor(const Checkpoint& checkpoint, const CheckpointTensor& tensor,
                           DType dtype, const WriteBytes& write);

/// matrix: floating point [O, C] → F32 [O], the scales of its int8
std::uint64_t write_scales(const Checkpoint& checkpoint, const CheckpointTensor& matrix,
                           const WriteBytes& write);

}  // namespace blip::app
