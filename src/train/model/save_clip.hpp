// Saving a trained CLIP as transformers and the engine read it.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "blip/clip.hpp"
#include "train/model/parameters.hpp"

namespace blip::train {

/// All files of a CLIP but its weights, by name: config.json, and the image processor and the
/// tokenizer of `source`, the model that training started from. Throws what reading those throws.
std::map<std::string, std::string> clip_description(const CLIPConfig& config,
                                                    const std::filesystem::path& source);

/// Writes clip_description and model.safetensors (float32), as save_model does.
void save_clip(const Parameters& parameters, const CLIPConfig& config,
               const std::filesystem::path& source, const std::filesystem::path& directory);

}  // namespace blip::train
