// Between the tensors of checkpoint files and torch's.
#pragma once

#include <torch/torch.h>

#include <filesystem>

#include "checkpoint/checkpoint.hpp"
#include "train/model/parameters.hpp"

namespace blip::train {

/// A copy on the CPU, in the number type of the file.
torch::Tensor to_torch(const CheckpointTensor& tensor);

/// `tensors` as one safetensors file, in their number types (float64, float32, float16, bfloat16,
/// int64). It gets its name once it is whole. Throws unreadable, naming the file, or unsupported.
void save_tensors(const NamedTensors& tensors, const std::filesystem::path& file);

/// A small text file, likewise.
void save_text(const std::string& text, const std::filesystem::path& file);

}  // namespace blip::train
