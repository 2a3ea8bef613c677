// The names that tensors have in checkpoints of the code a model was first written in.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace blip {

/// How the names of one family's original code are translated to transformers'.
struct OriginalNames {
  /// A name that no checkpoint by transformers' names has: it tells the two apart.
  bool (*is_original)(std::string_view name);
  /// transformers' name for a name in such a checkpoint.
  std::string (*translated)(std::string_view name);
  /// What training needs and inference never looks at; a name of such a checkpoint.
  bool (*is_training_only)(std::string_view name);
  /// The names of the equal parts that a tensor's rows are cut into (query, key and value, which
  /// lie stacked); none: it stays whole. A translated name. Null: all stay whole.
  std::vector<std::string> (*parts)(std::string_view translated) = nullptr;
  /// Whether the matrix lies transposed. A translated name. Null: none does.
  bool (*is_transposed)(std::string_view translated) = nullptr;
};

/// Of every family that has some. This directory knows no family: architectures/registry.cpp lists
/// them.
std::span<const OriginalNames* const> original_names();

}  // namespace blip
