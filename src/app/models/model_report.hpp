// ModelReport: what `blip inspect` finds out about a model.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "architectures/architecture.hpp"
#include "blip/config.hpp"
#include "blip/generation.hpp"
#include "blip/image_processor_config.hpp"
#include "blip/tokenizer.hpp"
#include "checkpoint/model_source.hpp"

namespace blip::app {

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
  SpecialTokens special;
};

/// A LoRA adapter that is merged into the model.
struct AdapterReport {
  std::filesystem::path directory;
  std::string base_model;  ///< that it names
  int rank = 0;            ///< where no pattern says otherwise
  double alpha = 0.0;      ///< the same
  bool use_rslora = false;
  std::size_t updates = 0;   ///< low-rank updates, each of a weight
  std::size_t replaced = 0;  ///< tensors that it has anew
  std::int64_t parameters = 0;
};

struct ModelReport {
  std::filesystem::path model;  ///< a directory or a checkpoint file
  std::optional<AdapterReport> adapter;
  ModelDescription description;
  bool config_is_inferred = false;  ///< from the tensors: there is no config.json
  std::vector<FileReport> files;
  std::string container;            ///< "safetensors", "PyTorch zip", …; empty: no weights
  bool has_original_names = false;  ///< the tensors below are by transformers' names all the same
  std::vector<TensorReport> tensors;
  /// Elements of floating-point and int8 tensors, as stored, without the scales of int8.
  std::int64_t parameters = 0;
  std::map<std::string, std::int64_t> towers;  ///< the same by the first part of the name
  std::map<std::string, std::size_t> dtypes;   ///< tensors of each number type
  std::int64_t expected_parameters = 0;        ///< by the configuration, what is tied counted once
  std::optional<ImageProcessorConfig> image_processor;
  std::optional<TokenizerReport> tokenizer;
  std::optional<GenerationOptions> generation;  ///< none if there is nothing to generate
  std::vector<std::string> missing_tensors;     ///< with the shapes the configuration asks for
  std::vector<std::string> ignored_tensors;     ///< that the architecture does not use
  std::vector<std::string> commands;            ///< of blip, that the architecture serves
  /// Why the parts that are missing above could not be read, and why the model cannot be used.
  std::vector<std::string> problems;
};

/// Of a model directory or checkpoint file, with its adapter if it has one. Throws blip::Error if
/// there is no model or its configuration cannot be read; whatever else is wrong becomes one of
/// `problems`.
ModelReport inspect_model(const ModelSource& source);

/// The generation settings that are set, by their names in transformers, as text.
std::vector<std::pair<std::string, std::string>> settings_of(const GenerationOptions& generation);

/// "bicubic", "bilinear", …
std::string name_of(Resample filter);

}  // namespace blip::app
