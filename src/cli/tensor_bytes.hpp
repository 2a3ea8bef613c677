// A tensor's bytes in another number type, piece by piece.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "checkpoint/checkpoint.hpp"

namespace blip::cli {

/// Hands the tensor's elements in number type `dtype` to `write`, rounded to nearest even as torch
/// does, and returns how many bytes they were. `dtype` is the tensor's own, or f32, f16 or bf16.
std::uint64_t write_tensor(const CheckpointTensor& tensor, DType dtype,
                           const std::function<void(std::string_view)>& write);

}  // namespace blip::cli
