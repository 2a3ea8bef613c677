// Any model as a directory of safetensors and JSON that blip and transformers load alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "checkpoint/checkpoint.hpp"

namespace blip::cli {

struct ConvertOptions {
  std::optional<DType> dtype;  ///< of floating-point tensors: f32, f16 or bf16; none: as stored
  bool overwrite = false;
};

struct ConvertSummary {
  std::size_t tensors = 0;
  std::uint64_t bytes = 0;  ///< of model.safetensors
};

/// `source` is a model directory or a checkpoint file. The files appear in `target`, which is made
/// if need be, once all of them are written; after a failure there is none. Throws UsageError if
/// one is there already and must not be overwritten, OutputError or blip::Error.
ConvertSummary convert_model(const std::filesystem::path& source,
                             const std::filesystem::path& target, const ConvertOptions& options);

}  // namespace blip::cli
