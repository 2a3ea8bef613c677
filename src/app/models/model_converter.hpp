// Any model as a directory of safetensors and JSON that blip and, unless it is int8, transformers
// load alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "checkpoint/checkpoint.hpp"
#include "checkpoint/model_source.hpp"

namespace blip::app {

struct ConvertOptions {
  /// Of the weights: f32, f16 or bf16, or i8 of the matrices alone, the rest as stored; none: all
  /// as stored.
  std::optional<DType> dtype;
  bool overwrite = false;
};

struct ConvertSummary {
  std::size_t tensors = 0;
  std::uint64_t bytes = 0;  ///< of model.safetensors
};

/// `source` is a model directory or a checkpoint file; its adapter, if it has one, is merged into
/// it. The files appear in `target`, which is made
/// if need be, once all of them are written; after a failure there is none. Throws invalid_argument
/// if one is there already and must not be overwritten, OutputError or blip::Error.
ConvertSummary convert_model(const ModelSource& source, const std::filesystem::path& target,
                             const ConvertOptions& options);

}  // namespace blip::app
