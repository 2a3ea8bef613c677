// adapter_config.json of PEFT: what a LoRA adapter changes, and of which model.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checkpoint/adapter_targets.hpp"
#include "checkpoint/name_pattern.hpp"
#include "hub/file_names.hpp"

namespace blip {

struct AdapterConfig {
  std::string base_model = {};  ///< base_model_name_or_path: a directory or a hub id; may be empty
  std::string revision = {};    ///< of it, on the hub; may be empty
  std::string base_class = {};  ///< base_model_class of auto_mapping; may be empty
  int rank = 8;
  double alpha = 8.0;
  bool use_rslora = false;
  // In the order of the file: the first that matches counts.
  std::vector<std::pair<NamePattern, int>> rank_pattern = {};
  std::vector<std::pair<NamePattern, double>> alpha_pattern = {};
  AdapterTargets targets;

  [[nodiscard]] int rank_of(std::string_view module) const;
  /// What B·A is multiplied by: alpha / rank, or alpha / √rank (rsLoRA).
  [[nodiscard]] double scale_of(std::string_view module) const;
};

/// Throws malformed, limit_exceeded, or unsupported for what is not plain LoRA: another method of
/// PEFT, DoRA, an initialisation that changes the base model. `name` stands for the file.
AdapterConfig parse_adapter_config(std::string_view json, const std::string& name);

/// Of a directory. Throws what reading the file throws, besides.
AdapterConfig read_adapter_config(const std::filesystem::path& directory);

/// Whether a directory holds an adapter instead of a model, or beside one. No path is no directory.
bool has_adapter(const std::filesystem::path& directory);

}  // namespace blip
