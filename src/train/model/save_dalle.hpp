// Saving a trained VQGAN, and a DALL-E as `blip draw` reads it.
#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <map>
#include <string>

#include "blip/dalle.hpp"
#include "train/model/parameters.hpp"
#include "train/model/vqgan_model.hpp"

namespace blip::train {

/// config.json (model_type vqgan) and model.safetensors, with the encoder.
void save_vqgan(const VqganTrainingModel& model, const std::filesystem::path& directory);

/// The configuration of a directory that save_vqgan has written. Throws what reading it throws.
VqganConfig vqgan_config_of(const std::filesystem::path& model);

/// What save_vqgan has written, as it is from now on, on `device`. Throws missing_tensor or
/// shape_mismatch, naming the tensor, and what reading the files throws.
VqganTrainingModel open_fixed_vqgan(const std::filesystem::path& model,
                                    const torch::Device& device);

/// All files of a DALL-E but its weights, by name: config.json and the tokenizer of `vocabulary`, a
/// directory with vocab.json and merges.txt. Throws not_found if it lacks one.
std::map<std::string, std::string> dalle_description(const DalleConfig& config,
                                                     const std::filesystem::path& vocabulary);

/// Writes `files` (dalle_description) and model.safetensors (float32): `parameters` of a
/// DalleTrainingModel, and of `vqgan` what makes pictures of codes.
void save_dalle(const Parameters& parameters, const VqganTrainingModel& vqgan,
                const DalleConfig& config, const std::map<std::string, std::string>& files,
                const std::filesystem::path& directory);

}  // namespace blip::train
