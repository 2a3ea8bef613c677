// Adapter: what PEFT saves of a fine-tuned model, low-rank updates and whole tensors.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/adapter_config.hpp"
#include "checkpoint/checkpoint.hpp"

namespace blip {

/// W + scale · update of the weight W of `module`. The tensors are those of Adapter::tensors.
struct LowRankUpdate {
  std::string module;
  bool is_embedding = false;
  /// [r, I], of a convolution [r, C, h, w]; of an embedding [r, V]
  const CheckpointTensor* a = nullptr;
  /// [O, r], of a convolution [O, r, 1, 1]; of an embedding [H, r]
  const CheckpointTensor* b = nullptr;
  const CheckpointTensor* bias = nullptr;  ///< [O], scale times which goes to the bias; may be null
  double scale = 1.0;
};

/// A tensor of the base model that the adapter has anew.
struct ReplacedTensor {
  std::string name;  ///< in the base model
  const CheckpointTensor* tensor = nullptr;
  /// PEFT made a copy of the module (modules_to_save): what was tied to its tensors keeps the old
  /// ones. Else the tensor was trained in place (bias), with what is tied to it.
  bool is_copy = false;
};

struct Adapter {
  std::filesystem::path directory;
  AdapterConfig config;
  Checkpoint tensors;
  std::vector<LowRankUpdate> updates;
  std::vector<ReplacedTensor> replaced;
};

/// The weights of an adapter's directory: adapter_model.safetensors, else adapter_model.bin.
std::optional<std::filesystem::path> find_adapter_weights(const std::filesystem::path& directory);

/// Every tensor of the file has its place in what is returned. Throws what reading the files
/// throws; missing_tensor, shape_mismatch or unsupported for tensors that are no LoRA by the
/// configuration, naming them.
Adapter open_adapter(const std::filesystem::path& directory);

}  // namespace blip
