// Model names: from what a user types to the directory that holds the model.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace blip {

/// The bundled model that is used when none is named.
inline constexpr std::string_view kDefaultModel = "nano";

/// `name` if it is an existing directory, else the bundled model of that name, looked for in each
/// directory of $BLIP_MODEL_PATH (colon-separated), in share/blip/models beside the running
/// program's bin, and in the source tree the library was built from. Throws not_found, saying where
/// it looked.
std::filesystem::path resolve_model(std::string_view name);

/// The names resolve_model finds bundled models by, sorted.
std::vector<std::string> bundled_models();

}  // namespace blip
