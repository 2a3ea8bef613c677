// Record: what became of one input, and what a command's records are called in every format.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace blip::app {

/// std::monostate is a value that is not known: null in JSON, an empty field in CSV.
using Value = std::variant<std::string, float, double, bool, std::vector<float>,
                           std::vector<std::string>, std::monostate>;

/// One answer: a row in CSV, a line in text.
struct Result {
  std::vector<Value> values;  ///< of RecordSchema::results
  std::string line;           ///< the same for a person
};

/// What was found out about an input by asking one thing of it: an object in JSON.
struct Finding {
  std::vector<Value> about;     ///< what was asked: the values of RecordSchema::about
  std::vector<Result> results;  ///< best first; at least one
};

struct Record {
  std::string path;                    ///< the input as it was named; any bytes
  std::vector<Finding> findings;       ///< none if it failed
  std::string error;                   ///< the cause, without the path; empty if it did not fail
  std::filesystem::path sidecar = {};  ///< the text file that gets the results, if one does
};

/// What a command's records consist of. Each format is written, and read back to resume, by this.
struct RecordSchema {
  std::string_view subject = "path";           ///< name of Record::path
  bool subject_is_path = true;                 ///< off where it is a text
  std::vector<std::string_view> about = {};    ///< names of Finding::about
  std::vector<std::string_view> results = {};  ///< names of Result::values
  /// Name of the list that holds all results of a finding, in JSON, if there are several.
  std::string_view list = {};
  /// Name of a second list, of objects with all values but the first; `list` then holds the first
  /// ones alone, without names.
  std::string_view list_of_others = {};
  /// Whether failures are records too; otherwise only the console names them.
  bool failures = true;

  bool text_with_path = true;     ///< off where there is only one image to speak of
  std::string text_heading = {};  ///< before the first line of text

  /// What each finding of an input is about, in order: the first of Finding::about, or "" where
  /// nothing is asked. A run that is resumed must have asked the same.
  std::vector<std::string> asked = {""};
  /// Whether each input has a thing of its own that is asked, so that the first of Finding::about
  /// is part of its name. `asked` is then {""}.
  bool asked_by_input = false;
  std::size_t results_per_finding = 1;
};

/// `bytes` with every byte that is not UTF-8 replaced by U+FFFD.
std::string to_utf8(std::string_view bytes);

/// A path as JSON and CSV have it, whose readers demand UTF-8: as it is, if it is UTF-8; else
/// "file:" and the path with "%" and every byte that is not UTF-8 as %XX, as in a URL. So is one
/// that begins with "file:" itself: no two paths are written alike, and each can be told from what
/// is written.
std::string path_text(std::string_view path);

/// The path that `text` was made of by path_text; a text that it did not make is a path itself.
std::string path_of_text(std::string_view text);

/// `text` as one line that a terminal shows as it is: control characters become '?', those of
/// ISO 8859-1 (U+0080 to U+009F, which begin escape sequences on some terminals) included.
std::string printable(std::string_view text);

/// Any bytes as what stands between tags of HTML, or in an attribute with quotes.
std::string html_text(std::string_view bytes);

}  // namespace blip::app
