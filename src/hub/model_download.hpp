// From a model's id to the directory of its files.
#pragma once

#include <filesystem>
#include <string_view>

#include "blip/hub.hpp"

namespace blip::hub {

/// As download_model, but without asking the hub about a model that the cache has whole: `main` is
/// then what it was when it was downloaded.
std::filesystem::path find_model(std::string_view id, const HubOptions& options,
                                 const DownloadProgress& progress);

}  // namespace blip::hub
