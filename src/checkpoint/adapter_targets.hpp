// AdapterTargets: which modules of a model an adapter of PEFT changes.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/name_pattern.hpp"

namespace blip {

class JsonFields;

/// Modules are named from the base model's root: "text_decoder.bert.encoder.layer.0.…".
class AdapterTargets {
 public:
  /// Of adapter_config.json: target_modules, exclude_modules, layers_to_transform, layers_pattern
  /// and modules_to_save. Throws malformed or limit_exceeded, naming the field.
  AdapterTargets(const JsonFields& fields, const std::string& file);

  /// Whether the module gets a low-rank update, by PEFT's rules (check_target_module_exists).
  [[nodiscard]] bool contains(std::string_view module) const;
  /// Whether the tensor is part of a module that the adapter has whole (modules_to_save).
  [[nodiscard]] bool has_whole(std::string_view tensor) const;

  /// target_modules as it is in the file, for messages.
  [[nodiscard]] const std::string& described() const noexcept { return described_; }
  [[nodiscard]] const std::vector<std::string>& saved_modules() const noexcept { return saved_; }

 private:
  // Names, or one expression.
  struct Selection {
    std::set<std::string, std::less<>> names;
    std::optional<NamePattern> pattern;

    [[nodiscard]] bool contains(std::string_view module) const;
  };
  static Selection read_selection(const JsonFields& fields, const char* key,
                                  const std::string& file);
  [[nodiscard]] bool is_of_chosen_layer(std::string_view module) const;

  Selection targets_;
  bool all_linear_ = false;
  Selection excluded_;
  std::vector<int> layers_;  // empty: all
  std::vector<NamePattern> layer_patterns_;
  std::vector<std::string> saved_;
  std::vector<NamePattern> inside_saved_;
  std::string described_;
};

}  // namespace blip
