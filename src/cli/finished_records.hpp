// FinishedRecords: what an earlier run left in its output file, for --resume.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "cli/record.hpp"

namespace blip::cli {

class FinishedRecords {
 public:
  /// Reads `path` (nothing there is no error) and removes from it what must be done again: failed
  /// records, a last line torn by a crash, and a last image with fewer than `num_captions` rows.
  /// Throws UsageError if it is no output of this format, OutputError if it cannot be rewritten.
  FinishedRecords(const std::filesystem::path& path, Format format, std::size_t num_captions);

  /// Whether `path` is done. Each record answers for one input, so that an input named twice is
  /// done twice.
  bool take(std::string_view path);

  /// Whether the file holds anything, a CSV header included.
  [[nodiscard]] bool any_content() const noexcept { return any_content_; }

 private:
  Format format_;
  std::map<std::string, std::size_t, std::less<>> rows_;  // path → rows not yet answered for
  std::size_t rows_per_image_;
  bool any_content_ = false;
};

}  // namespace blip::cli
