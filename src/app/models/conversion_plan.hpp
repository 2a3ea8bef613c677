// Which tensors a converted model has, in which number types, and where they come from.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.hpp"
#include "checkpoint/safetensors_writer.hpp"

namespace blip::app {

struct ConversionPlan {
  std::vector<SafetensorsPlace> tensors;  ///< in the order of the new file
  /// Those of `tensors` that the checkpoint lacks, by name: the scales of these matrices' int8.
  std::map<std::string, const CheckpointTensor*> new_scales;

  /// One of `tensors` is a language model head's own matrix, which no word embeddings stand in for.
  bool has_language_model_head = false;

  /// The type of most weights that are no int8, for config.json.
  [[nodiscard]] DType main_dtype() const;
};

/// `dtype` as in ConvertOptions. What is tied is there once, tables of positions not at all. Int8
/// are the matrices that WeightLoader makes int8, whichever class of the model's family asks for
/// them. Throws unsupported for an unknown architecture. Refers to the checkpoint, which is that of
/// `model`.
ConversionPlan plan_conversion(const Checkpoint& checkpoint, const std::filesystem::path& model,
                               std::optional<DType> dtype);

}  // namespace blip::app
