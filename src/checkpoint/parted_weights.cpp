#include "checkpoint/parted_weights.hpp"

#include <algorithm>

#include "core/open_file.hpp"

namespace blip {
namespace {

// None unless all are there.
std::vector<PartFile> all_parts(const PartedWeights& weights,
                                const std::filesystem::path& directory) {
  std::vector<PartFile> found;
  for (const WeightsPart& part : weights.parts) {
    const auto* place = std::ranges::find_if(part.places, [&](const char* name) {
      return name != nullptr && is_plain_file(directory / name);
    });
    if (place == part.places.end()) return {};
    found.push_back({(directory / *place).lexically_normal(), part.prefix});
  }
  return found;
}

}  // namespace

std::optional<std::filesystem::path> find_first_part(const std::filesystem::path& directory) {
  for (const PartedWeights& weights : parted_weights()) {
    const std::vector<PartFile> parts = all_parts(weights, directory);
    if (!parts.empty()) return directory / weights.parts.front().places.front();
  }
  return std::nullopt;
}

std::vector<PartFile> parts_beside(const std::filesystem::path& file) {
  const std::filesystem::path directory =
      file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  for (const PartedWeights& weights : parted_weights()) {
    const bool is_one = std::ranges::any_of(weights.parts, [&](const WeightsPart& part) {
      return file.filename() == part.places.front();
    });
    if (!is_one) continue;
    std::vector<PartFile> parts = all_parts(weights, directory);
    if (!parts.empty()) return parts;
  }
  return {};
}

}  // namespace blip
