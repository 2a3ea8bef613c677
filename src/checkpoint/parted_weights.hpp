// Models whose weights come in several files, each of a part, with no index that lists them.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace blip {

/// One file of such a model.
struct WeightsPart {
  /// Where it is, seen from the directory of the first part: the first of these that is there.
  /// Null: there is no second place.
  std::array<const char*, 2> places;
  std::string_view prefix;  ///< put before the names of its tensors
};

/// All files of a model; the first one tells that it is of this kind.
struct PartedWeights {
  std::span<const WeightsPart> parts;
};

/// Of every family that has such models. This directory knows no family: architectures/registry.cpp
/// lists them.
std::span<const PartedWeights> parted_weights();

struct PartFile {
  std::filesystem::path file;
  std::string_view prefix;
};

/// The first part of the model whose parts are in `directory`, if the others are there, too.
std::optional<std::filesystem::path> find_first_part(const std::filesystem::path& directory);

/// All parts of the model that `file` is a part of, beside it; none if it is of no such model, or
/// if a part is missing.
std::vector<PartFile> parts_beside(const std::filesystem::path& file);

}  // namespace blip
