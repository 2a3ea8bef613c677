// ModelReport: what `blip inspect` finds out about a model directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "blip/config.hpp"
#include "blip/generation.hpp"

namespace blip::cli {

struct TensorReport {
  std::string name;
  std::string dtype;  ///< "F32", as safetensors writes it
  std::vector<std::int64_t> shape;
  std::int64_t elements = 0;
};

struct FileReport {
  std::string name;
  std::uintmax_t bytes = 0;
};

struct TokenizerReport {
  std::size_t tokens = 0;
  TokenId pad = 0;
  TokenId unk = 0;
  TokenId cls = 0;
  TokenId sep = 0;
  TokenId mask = 0;
};

struct ModelReport {
  std::filesystem::path directory;
  BlipConfig config;
  std::vector<FileReport> files;
  std::vector<TensorReport> tensors;
  std::int64_t parameters = 0;                 ///< elements of floating-point tensors, as stored
  std::map<std::string, std::int64_t> towers;  ///< the same by the first part of the name
  std::map<std::string, std::size_t> dtypes;   ///< tensors of each number type
  std::optional<BlipImageProcessorConfig> image_processor;
  std::optional<TokenizerReport> tokenizer;
  GenerationOptions generation;
  std::vector<std::string> ignored_tensors;  ///< that captioning does not use
  /// Why the parts that are missing above could not be read, and why the model cannot caption.
  std::vector<std::string> problems;
};

/// Throws blip::Error if there is no model directory or its config.json cannot be read; whatever
/// else is wrong becomes one of `problems`.
ModelReport inspect_model(const std::string& model);

/// The generation settings that are set, by their names in transformers, as text.
std::vector<std::pair<std::string, std::string>> settings_of(const GenerationOptions& generation);

/// "bicubic", "bilinear", …
std::string name_of(Resample filter);

}  // namespace blip::cli
