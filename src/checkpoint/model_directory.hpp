// Model names: from what a user types to the directory that holds the model.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "blip/hub.hpp"

namespace blip {

/// The bundled models, one for each task, that are used when none is named.
inline constexpr std::string_view kCaptioningModel = "nano-captioning";
inline constexpr std::string_view kRetrievalModel = "nano-retrieval";
inline constexpr std::string_view kQuestionModel = "nano-vqa";
inline constexpr std::string_view kClassificationModel = "nano-classifier";
inline constexpr std::string_view kDrawingModel = "nano-drawing";

/// `name` if it is an existing directory or a checkpoint file (.safetensors, .bin, .pth, .pt). Else
/// the bundled model of that name, looked for in each directory of $BLIP_MODEL_PATH
/// (colon-separated), in share/blip/models beside the running program's bin, in `models` beside the
/// shared library, and in the source tree the library was built from. Else, of the form org/name or
/// org/name@revision, the model of that id in the hub's cache; if it is not whole there, it is
/// downloaded, telling `progress`, by the options in `hub`. Throws not_found, saying where it
/// looked, or what download_model throws.
std::filesystem::path resolve_model(std::string_view name, const DownloadProgress& progress = {},
                                    const HubOptions& hub = {});

/// The names resolve_model finds bundled models by, sorted.
std::vector<std::string> bundled_models();

}  // namespace blip
