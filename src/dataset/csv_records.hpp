// Records of a CSV or TSV file: fields, quotes and all.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace blip::dataset {

/// Fields of a record, at most.
inline constexpr std::size_t kMaxCsvFields = 1024;

/// Reads a text as RFC 4180 says: a field in quotes may hold separators, line ends and, doubled,
/// quotes. A record ends with a newline, or a carriage return and a newline; empty lines are none.
class CsvReader {
 public:
  /// `text` must outlive it; `file` is its name in messages.
  CsvReader(std::string_view text, char separator, std::string file);

  /// The fields of the next record; nothing after the last one. Throws malformed, naming the file
  /// and the line, for a quote that is not closed or has something behind it, and limit_exceeded
  /// for too many fields.
  std::optional<std::vector<std::string>> next();

  /// The line at which the record that next() returned begins, from 1.
  [[nodiscard]] std::size_t line() const noexcept { return record_line_; }

 private:
  // At the end of a field: whether another one follows in this record.
  bool ends_with_separator();
  std::string plain_field();
  std::string quoted_field();
  [[noreturn]] void refuse(std::size_t line, const std::string& cause) const;

  std::string_view text_;
  char separator_;
  std::string file_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;  // of at_
  std::size_t record_line_ = 0;
};

}  // namespace blip::dataset
