// Flax's msgpack files (flax.serialization), as tensors in PyTorch's layout and names.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "checkpoint/torch_file.hpp"

namespace blip {

/// Whether the bytes may be such a file: a map of a few names.
bool is_flax(std::span<const std::byte> bytes);

/// `name` stands for the file in messages. A tensor's name is its path with dots; its last part
/// becomes PyTorch's: "kernel", "scale" and "embedding" are "weight". Kernels are transposed:
/// [in, out] → [out, in], [height, width, in, out] → [out, in, height, width]. Layers that
/// flax.linen.scan stacked (kernels of three dimensions, norms and biases of two) come apart:
/// NAME#0, NAME#1, …. Reads only those of kinds and sizes that models have: at most 100,000 tensors
/// with names of at most 1,000 bytes. Throws malformed, unsupported or limit_exceeded.
TorchFile parse_flax(std::span<const std::byte> bytes, const std::string& name);

}  // namespace blip
