// Saving a trained model as transformers and the engine read it.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "architectures/expected_tensors.hpp"
#include "blip/config.hpp"
#include "train/model/parameters.hpp"

namespace blip::train {

/// Those of `names` that are in a directory, by name. Throws unreadable.
std::map<std::string, std::string> files_in(const std::filesystem::path& directory,
                                            std::span<const char* const> names);

/// The tensors that a model is saved as, in float32. `architecture` stands for it in messages.
/// Throws missing_tensor if the parameters lack one.
NamedTensors tensors_of(const Parameters& parameters, std::span<const ExpectedTensor> expected,
                        const std::string& architecture);

/// Writes text files, then model.safetensors, so that the weights appear last and whole.
void write_model(const std::filesystem::path& directory,
                 const std::map<std::string, std::string>& files, const NamedTensors& tensors);

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
