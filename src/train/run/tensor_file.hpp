// Named tensors in a safetensors file.
#pragma once

#include <filesystem>

#include "checkpoint/checkpoint.hpp"
#include "train/run/named_tensors.hpp"

namespace blip::train {

/// Writes them as they are on whatever device, and returns once they are on the disk. A tensor at a
/// time is copied, so memory for the largest is enough. Throws unreadable (cannot be written), or
/// unsupported for an element type that safetensors does not have.
void write_tensor_file(const std::filesystem::path& path, const NamedTensors& tensors);

/// The same under another name beside `path`, which it then takes: readers see the old file or the
/// new.
void replace_tensor_file(const std::filesystem::path& path, const NamedTensors& tensors);

/// A copy on the CPU, in the number type of the file.
torch::Tensor to_torch(const CheckpointTensor& tensor);

/// The tensors of a file, in memory of their own on the CPU. Throws as parse_safetensors does.
NamedTensors read_tensor_file(const std::filesystem::path& path);

}  // namespace blip::train
