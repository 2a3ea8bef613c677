// OutputDirectory: what a CapFilt run writes, so that an interrupted one can go on.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <set>
#include <string>

#include "dataset/sample.hpp"
#include "dataset/shard_writer.hpp"
#include "train/capfilt/decision.hpp"

namespace blip::train {

/// Data are written in parts, each of so many images. Until all are there:
///   run.json                     the settings
///   capfilt-NNNNNN.tar           the shard of a part (with shards)
///   .parts/NNNNNN.rows           its rows of the list (with a list)
///   .parts/NNNNNN.jsonl          its decisions, last: the part is whole
/// and in the end capfilt.json (with a list) and decisions.jsonl instead of .parts.
class OutputDirectory {
 public:
  /// Makes the directory. Throws invalid_argument where an earlier run is in it and `resume` is
  /// false, or its settings are others; unreadable, naming the file, for what the system refuses.
  OutputDirectory(std::filesystem::path path, const std::string& settings, bool is_list,
                  bool resume);

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] std::filesystem::path decisions() const { return path_ / "decisions.jsonl"; }
  [[nodiscard]] bool is_list() const noexcept { return is_list_; }
  /// All parts were there and have been put together.
  [[nodiscard]] bool is_complete() const;
  [[nodiscard]] bool has_part(std::size_t part) const;
  /// There is a part. A run that failed before the first one may be begun anew in its place.
  [[nodiscard]] bool has_begun() const;

  /// Puts the parts [0, parts) together.
  void complete(std::size_t parts) const;

  [[nodiscard]] std::filesystem::path part_file(std::size_t part, const char* ending) const;
  [[nodiscard]] std::filesystem::path shard_prefix() const { return path_ / "capfilt"; }

 private:
  std::filesystem::path path_;
  bool is_list_;
};

/// A part that is being written. Nothing of it is there unless it was finished.
class OutputPart {
 public:
  OutputPart(const OutputDirectory& directory, std::size_t part);

  /// Writes the sample with the texts that are kept, if there are any, and the decision. A sample
  /// that cannot be written (its picture has no picture's name) turns into an error of the
  /// decision. `sample` has its picture's bytes, which a list does not need.
  void add(dataset::Sample sample, ImageDecision& decision);
  void finish();

 private:
  void add_row(const dataset::Sample& sample, const ImageDecision& decision);
  void add_to_shard(dataset::Sample sample, const ImageDecision& decision);

  const OutputDirectory& directory_;
  std::size_t part_;
  dataset::ShardWriter shard_;
  std::set<std::string> keys_;
  std::string rows_;
  std::string decisions_;
};

}  // namespace blip::train
