// FinishedRecords: what an earlier run left in its output file, for --resume.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "app/records/record_format.hpp"

namespace blip::app {

class FinishedRecords {
 public:
  /// Reads `path` (nothing there is no error) and removes from it what must be done again: failed
  /// records, a last line torn by a crash, and a last image with fewer records than expected.
  /// `format` must outlive this object. Throws invalid_argument if the file is no such output (in
  /// text, what a record is about cannot be told), OutputError if it cannot be rewritten.
  FinishedRecords(const std::filesystem::path& path, const RecordFormat& format);

  /// Whether `path` is done; with schema.asked_by_input, whether `about` was asked of it. Each
  /// record answers for one input, so that an input named twice is done twice.
  bool take(std::string_view path, std::string_view about);

  /// Whether the file holds anything, a CSV header included.
  [[nodiscard]] bool any_content() const noexcept { return any_content_; }

 private:
  const RecordFormat& format_;
  std::size_t records_per_input_;
  bool by_about_ = false;                                 // rows_ counts by path and what was asked
  std::map<std::string, std::size_t, std::less<>> rows_;  // path → records not yet answered for
  bool any_content_ = false;
};

}  // namespace blip::app
