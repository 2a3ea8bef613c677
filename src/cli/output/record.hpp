// Record: what became of one input, and how it is written in each format.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace blip::cli {

enum class Format { text, json, jsonl, csv, npy };

using Value = std::variant<std::string, float, bool, std::vector<float>>;

/// One answer: a row in CSV, a line in text.
struct Result {
  std::vector<Value> values;  ///< of RecordShape::results
  std::string line;           ///< the same as text shows it, fit for a terminal
};

/// What was found out about an input by asking one thing of it: an object in JSON.
struct Finding {
  std::vector<Value> about;     ///< what was asked: the values of RecordShape::about
  std::vector<Result> results;  ///< best first; at least one
};

struct Record {
  std::string path;               ///< the input as it was named; any bytes
  std::vector<Finding> findings;  ///< none if it failed
  std::string error;              ///< the cause, without the path; empty if it did not fail
};

/// What the parts of a command's records are called in JSON and CSV.
struct RecordShape {
  std::string_view subject = "path";           ///< of Record::path
  std::vector<std::string_view> about = {};    ///< of Finding::about
  std::vector<std::string_view> results = {};  ///< of Result::values
  /// Of the list that holds all results of a finding, in JSON, if there are several.
  std::string_view list = {};
  /// Whether failures are records too; otherwise only stderr tells them.
  bool failures = true;
};

/// `bytes` with every byte that is not UTF-8 replaced by U+FFFD, since JSON and CSV readers demand
/// UTF-8 of paths that need not be.
std::string to_utf8(std::string_view bytes);

/// A path as records of `format` show it; what tells on resuming whether an input is done.
std::string path_in(Format format, std::string_view path);

/// An object for each finding, {"path": …, "question": …, "answer": …} (with "answers" if there are
/// several), or one {"path": …, "error": …}.
std::vector<std::string> to_json(const Record& record, const RecordShape& shape);

/// Rows "path,question,answer,error" by RFC 4180, one per result.
std::string to_csv(const Record& record, const RecordShape& shape);
std::string csv_header(const RecordShape& shape);

/// Lines "path: line", one per result, or the lines alone; none for a failure, which stderr tells.
std::string to_text(const Record& record, bool with_path);

}  // namespace blip::cli
