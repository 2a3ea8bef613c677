// AnnotationList: a JSON list of samples beside a directory of pictures, as salesforce/BLIP has it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "dataset/byte_source.hpp"
#include "dataset/json_rows.hpp"
#include "dataset/sample.hpp"

namespace blip::dataset {

/// What the names of pictures are relative to. (An absolute name stands for itself.)
struct ImageRoots {
  std::filesystem::path root;  ///< unless the next says otherwise
  /// By the field "dataset" of a row: VQA's lists mix "vqa" with "vg".
  std::map<std::string, std::filesystem::path> by_source{};
};

class AnnotationList {
 public:
  /// Goes through the whole list and refuses it if one row is bad or names no picture, naming file
  /// and byte. Keeps where the rows are, 16 bytes each, and reads them from the file when asked.
  AnnotationList(const std::filesystem::path& path, ImageRoots roots);
  AnnotationList(ByteSource source, ImageRoots roots);

  [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
  /// A sample whose pictures have names and no bytes; its key is the (first) picture's name,
  /// and so is its image_id where the row has none.
  Sample annotation(std::size_t index) const;
  /// Throws not_found, unreadable or limit_exceeded (over 1 GiB), naming the picture's file.
  Sample read(std::size_t index) const;
  [[nodiscard]] std::string name() const { return source_.name; }

 private:
  ByteSource source_;
  ImageRoots roots_;
  std::vector<JsonRow> rows_;
};

}  // namespace blip::dataset
