// ModelSource: what a name stands for, a model or an adapter with the model that it belongs to.
#pragma once

#include <filesystem>
#include <string_view>

#include "blip/hub.hpp"

namespace blip {

struct ModelSource {
  std::filesystem::path model;         ///< its directory or checkpoint file
  std::filesystem::path adapter = {};  ///< the directory of the one that changes it; empty: none

  /// Where the tokenizer and the image processor are looked for: training may have saved them
  /// beside the adapter.
  [[nodiscard]] const std::filesystem::path& tokenizer() const;
  [[nodiscard]] const std::filesystem::path& image_processor() const;
};

/// Whether a directory has the files of either.
bool has_tokenizer(const std::filesystem::path& directory);
bool has_image_processor(const std::filesystem::path& directory);

/// `name` and `adapter` are what resolve_model takes. An adapter may be `adapter`, beside its base
/// model as `name`, or `name` alone, also by its weights file: then the base model is the one
/// beside it or, without config.json and weights there, the one that adapter_config.json names.
/// Throws what resolve_model and reading adapter_config.json throw, and not_found where the base
/// model is not there or not named.
ModelSource resolve_source(std::string_view name, std::string_view adapter = {},
                           const DownloadProgress& progress = {}, const HubOptions& hub = {});

}  // namespace blip
