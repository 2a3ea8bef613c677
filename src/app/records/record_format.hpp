// RecordFormat: how records are written as text, and read back to resume. One file a format.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/records/record.hpp"

namespace blip::app {

/// What a record of an earlier run says.
struct WrittenRecord {
  /// The paths that it may be about: several where the format does not say where a path ends.
  std::vector<std::string> paths;
  std::optional<std::string> about;  ///< what was asked; nothing where the record cannot tell
  bool done = true;                  ///< false for a failure, which is to be tried again
};

class RecordFormat {
 public:
  explicit RecordFormat(RecordSchema schema) : schema_(std::move(schema)) {}
  virtual ~RecordFormat() = default;
  RecordFormat(const RecordFormat&) = delete;
  RecordFormat& operator=(const RecordFormat&) = delete;

  [[nodiscard]] const RecordSchema& schema() const noexcept { return schema_; }

  /// Before the first record of an output.
  [[nodiscard]] virtual std::string header() const { return {}; }
  /// Whether an output without any record has the header, too.
  [[nodiscard]] virtual bool is_header_required() const { return false; }
  /// Between two records.
  [[nodiscard]] virtual std::string separator() const { return {}; }
  /// All that is written about one input; empty if the format has nothing to say of it.
  [[nodiscard]] virtual std::string body(const Record& record) const = 0;
  /// At the end of an output.
  [[nodiscard]] virtual std::string footer(bool /*has_records*/) const { return {}; }

  // To resume. A format that cannot be continued has no records to read back.

  /// How many records tell of one input that did not fail.
  [[nodiscard]] virtual std::vector<std::string> expected_about() const;
  /// A path as records of this format show it.
  [[nodiscard]] virtual std::string path_as_written(std::string_view path) const {
    return subject_text(path);
  }
  /// Whether a line end between quotes belongs to a field.
  [[nodiscard]] virtual bool has_quoted_line_ends() const { return false; }
  /// Nothing if `record`, without its line end, is not of this format and schema.
  [[nodiscard]] virtual std::optional<WrittenRecord> parse(const std::string& /*record*/) const {
    return std::nullopt;
  }
  /// How an output begins, as far as that is certain: what tells a record cut short by a crash from
  /// the end of some other file that was named by mistake.
  [[nodiscard]] virtual std::string certain_start(bool /*first_record*/) const { return {}; }

 protected:
  /// Record::path as JSON and CSV have it.
  [[nodiscard]] std::string subject_text(std::string_view path) const {
    return schema_.subject_is_path ? path_text(path) : to_utf8(path);
  }

 private:
  RecordSchema schema_;
};

/// Lines "path: line", one per result, or the lines alone; none for a failure.
std::unique_ptr<RecordFormat> text_format(RecordSchema schema);
/// One array of the objects of to_json.
std::unique_ptr<RecordFormat> json_format(RecordSchema schema);
/// The objects of to_json, one per line.
std::unique_ptr<RecordFormat> jsonl_format(RecordSchema schema);
/// Rows "path,question,answer,error" by RFC 4180, one per result.
std::unique_ptr<RecordFormat> csv_format(RecordSchema schema);

}  // namespace blip::app
