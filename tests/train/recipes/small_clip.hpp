// A CLIP of 16 px in transformers' layout, to start trainings from.
#pragma once

#include <filesystem>

namespace blip::testing {

/// Writes config.json, model.safetensors, the image processor's file, and a tokenizer of bytes.
void write_small_clip(const std::filesystem::path& directory);

}  // namespace blip::testing
