// config.json as far as it is the same for all models: whether there is one, and of what it is.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "hub/file_names.hpp"

namespace blip {

class JsonFields;

/// Configuration files are read up to this size; real ones have a few kilobytes.
inline constexpr std::size_t kMaxConfigBytes = 4'000'000;

inline constexpr const char* kTimmType = "timm_wrapper";

/// `model_type` of config.json; empty if it has none, but kTimmType of timm's files, which have a
/// `pretrained_cfg` instead: as transformers takes them. Throws malformed.
std::string read_model_type(const JsonFields& fields);

/// The first of `architectures`; empty if it lists none. Throws malformed.
std::string read_architecture(const JsonFields& fields);

/// Where the files lie that belong to a model's weights: the model directory itself, or the
/// directory that a checkpoint file is in.
std::filesystem::path model_folder(const std::filesystem::path& model);

/// True for weights, a file's or a directory's, with no config.json beside them.
bool lacks_config(const std::filesystem::path& model);

}  // namespace blip
