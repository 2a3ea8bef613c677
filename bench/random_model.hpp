// Writes random-weight BLIP checkpoints, so that speed can be measured at real sizes
// without real weights.
#pragma once

#include <filesystem>

#include "blip/config.hpp"

namespace blip::bench {

/// config.json's fields of Salesforce/blip-image-captioning-base and -large.
BlipConfig base_config();
BlipConfig large_config();
/// Of Salesforce/blip-itm-base-coco.
BlipConfig retrieval_base_config();

/// config.json and model.safetensors of the config's architecture, captioning or retrieval
/// (float32, a decoder tied to the word embeddings) in `directory`, which is created. Returns the
/// bytes of weights.
std::uintmax_t write_random_model(const std::filesystem::path& directory, const BlipConfig& config);

}  // namespace blip::bench
