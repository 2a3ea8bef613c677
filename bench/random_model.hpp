// Writes a random-weight BLIP captioning checkpoint, so that speed can be measured at real sizes
// without real weights.
#pragma once

#include <filesystem>

#include "blip/config.hpp"

namespace blip::bench {

/// config.json's fields of Salesforce/blip-image-captioning-base and -large.
BlipConfig base_config();
BlipConfig large_config();

/// config.json and model.safetensors (float32, the decoder tied to the word embeddings) in
/// `directory`, which is created. Returns the bytes of weights.
std::uintmax_t write_random_model(const std::filesystem::path& directory, const BlipConfig& config);

}  // namespace blip::bench
