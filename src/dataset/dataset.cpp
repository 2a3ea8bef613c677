#include "dataset/dataset.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "blip/error.hpp"
#include "core/file_ending.hpp"
#include "dataset/brace_pattern.hpp"

namespace blip::dataset {

Dataset Dataset::open(std::span<const std::string> sources, const ImageRoots& roots) {
  Dataset dataset;
  for (const std::string& source : sources) {
    for (const std::string& path : expand_braces(source)) {
      const std::string ending = file_ending(path);
      std::error_code ignored;
      if (std::filesystem::is_directory(path, ignored)) {
        dataset.parts_.emplace_back(std::in_place_type<ImageFolder>, std::filesystem::path(path));
      } else if (ending == "tar") {
        dataset.parts_.emplace_back(std::in_place_type<Shard>, std::filesystem::path(path));
      } else if (ending == "json" || ending == "jsonl") {
        dataset.parts_.emplace_back(std::in_place_type<AnnotationList>, std::filesystem::path(path),
                                    roots);
      } else {
        throw Error(ErrorCode::invalid_argument,
                    path + ": a data set is a .tar shard, a .json or .jsonl list, or a folder");
      }
      const auto size_of = [](const auto& part) { return part.size(); };
      dataset.ends_.push_back(dataset.size() + std::visit(size_of, dataset.parts_.back()));
    }
  }
  return dataset;
}

Dataset::Place Dataset::find(std::size_t index) const {
  if (index >= size()) {
    throw Error(ErrorCode::invalid_argument,
                "no sample " + std::to_string(index) + " among " + std::to_string(size()));
  }
  const auto end = std::upper_bound(ends_.begin(), ends_.end(), index);
  const auto part = static_cast<std::size_t>(end - ends_.begin());
  return {parts_[part], index - (part == 0 ? 0 : ends_[part - 1])};
}

Sample Dataset::annotation(std::size_t index) const {
  const Place place = find(index);
  return std::visit([&](const auto& part) { return part.annotation(place.index); }, place.part);
}

Sample Dataset::read(std::size_t index) const {
  const Place place = find(index);
  return std::visit([&](const auto& part) { return part.read(place.index); }, place.part);
}

std::string Dataset::file_of(std::size_t index) const {
  return std::visit([](const auto& part) { return part.name(); }, find(index).part);
}

}  // namespace blip::dataset
