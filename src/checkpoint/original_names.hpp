// The names that tensors have in checkpoints of the code a model was first written in.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace blip {

/// How the names of one family's original code are translated to transformers'.
struct OriginalNames {
  /// A name that no checkpoint by transformers' names has: it tells the two apart.
  bool (*is_original)(std::string_view name);
  /// transformers' name for a name in such a checkpoint.
  std::string (*translated)(std::string_view name);
  /// What training needs and inference never looks at; a name of such a checkpoint.
  bool (*is_training_only)(std::string_view name);
};

/// Of every family that has some. This directory knows no family: architectures/registry.cpp lists
/// them.
std::span<const OriginalNames* const> original_names();

}  // namespace blip
