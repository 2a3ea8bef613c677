// FinishedRecords: what an earlier run left in its output file, for --resume.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/output/record.hpp"

namespace blip::cli {

/// What a run writes about every image that does not fail.
struct ExpectedRecords {
  Format format = Format::text;
  RecordShape shape = {};
  /// What each record of an image is about, in order: the first of Finding::about, or "" where
  /// nothing is asked. JSON has a record for a finding, the others have one for a result.
  std::vector<std::string> about = {""};
};

class FinishedRecords {
 public:
  /// Reads `path` (nothing there is no error) and removes from it what must be done again: failed
  /// records, a last line torn by a crash, and a last image with fewer records than expected.
  /// Throws UsageError if it is no such output (in text, what a record is about cannot be told),
  /// OutputError if it cannot be rewritten.
  FinishedRecords(const std::filesystem::path& path, ExpectedRecords expected);

  /// Whether `path` is done. Each record answers for one input, so that an input named twice is
  /// done twice.
  bool take(std::string_view path);

  /// Whether the file holds anything, a CSV header included.
  [[nodiscard]] bool any_content() const noexcept { return any_content_; }

 private:
  ExpectedRecords expected_;
  std::map<std::string, std::size_t, std::less<>> rows_;  // path → rows not yet answered for
  bool any_content_ = false;
};

}  // namespace blip::cli
