// config.json as far as it is the same for all models: whether there is one, and of what it is.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "hub/file_names.hpp"
#include "hub/model_type.hpp"

namespace blip {

class JsonFields;

/// Configuration files are read up to this size; real ones have a few kilobytes.
inline constexpr std::size_t kMaxConfigBytes = 4'000'000;

/// The first of `architectures`; empty if it lists none. Throws malformed.
std::string read_architecture(const JsonFields& fields);

/// Where the files lie that belong to a model's weights: the model directory itself, or the
/// directory that a checkpoint file is in.
std::filesystem::path model_folder(const std::filesystem::path& model);

/// True for weights, a file's or a directory's, with no config.json beside them.
bool lacks_config(const std::filesystem::path& model);

}  // namespace blip
