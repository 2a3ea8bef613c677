// Saving a trained model as transformers and the engine read it.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "blip/config.hpp"
#include "train/model/parameters.hpp"

namespace blip::train {

/// The files of a tokenizer, by name: those of `source`, a model, that are there. Throws not_found
/// or unreadable.
std::map<std::string, std::string> tokenizer_files(const std::filesystem::path& source);

/// All files of a model but its weights, by name: config.json with `architecture` (a name of
/// architectures/blip/architectures.hpp), preprocessor_config.json with the config's image size and
/// what training normalises by (`images`), and the tokenizer files of `tokenizer_source`, the model
/// that training started from. Throws not_found or unreadable.
std::map<std::string, std::string> model_description(const BlipConfig& config,
                                                     const std::string& architecture,
                                                     const std::filesystem::path& tokenizer_source,
                                                     const BlipImageProcessorConfig& images = {});

/// Writes model_description and model.safetensors (float32). A pre-training model can be saved as
/// captioning and as retrieval. The weights appear last and whole. Throws what model_description
/// throws, and missing_tensor if the model lacks a tensor of the architecture.
void save_model(const Parameters& parameters, const BlipConfig& config,
                const std::string& architecture, const std::filesystem::path& tokenizer_source,
                const std::filesystem::path& directory,
                const BlipImageProcessorConfig& images = {});

}  // namespace blip::train
