// Saving a trained model as transformers and the engine read it.
#pragma once

#include <filesystem>
#include <string>

#include "blip/config.hpp"
#include "train/model/parameters.hpp"

namespace blip::train {

/// Writes model.safetensors (float32), config.json with `architecture`
/// ("BlipForConditionalGeneration", "BlipForImageTextRetrieval", "BlipForQuestionAnswering" or
/// "BlipForNLVR"), preprocessor_config.json for the config's image size, and copies the tokenizer
/// files of `tokenizer_source`, the model that training started from. A pre-training model can be
/// saved as captioning and as retrieval. The weights appear last and whole. Throws missing_tensor
/// (the model lacks a tensor of the architecture), not_found or unreadable.
void save_model(const Parameters& parameters, const BlipConfig& config,
                const std::string& architecture, const std::filesystem::path& tokenizer_source,
                const std::filesystem::path& directory);

}  // namespace blip::train
