// ListParser: lists of images that say what is asked of each.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace blip::cli {

enum class ListFormat {
  names,  ///< a name per line
  /// An object per line, {"path": …, "prompt": …}; other fields are nobody's business. Paths that
  /// are not UTF-8 are written as in an output (app::path_text).
  jsonl,
  tsv,  ///< fields between tabs; a first line that begins with "path" names them
};

/// By the ending of a list's name: .jsonl, .ndjson, .tsv; else names.
ListFormat list_format_of(const std::string& list);

/// What the lines of a list that has fields hold.
struct ListColumns {
  std::vector<std::string> paths = {"path"};  ///< fields that name images
  std::string text = {};                      ///< the one that asks something; "": none
  /// The text of a line without one, and of images that are named elsewhere. Nothing: it is
  /// required.
  std::optional<std::string> otherwise = {};
};

struct ListEntry {
  std::vector<std::string> paths;   ///< one for each of ListColumns::paths
  std::optional<std::string> text;  ///< nothing where there is no field for it
};

class ListParser {
 public:
  /// `list` is its name in messages; `format` is not `names`.
  ListParser(ListFormat format, ListColumns columns, std::string list);

  /// A line that is not empty, with its number, from 1. Nothing for the names of the fields. Throws
  /// UsageError for a line that lacks a field or is no line of this format.
  std::optional<ListEntry> parse(const std::string& line, std::size_t number);

 private:
  [[nodiscard]] ListEntry parse_json(const std::string& line, const std::string& where) const;
  [[nodiscard]] ListEntry parse_fields(const std::vector<std::string>& fields,
                                       const std::string& where) const;
  void take_header(const std::vector<std::string>& fields, const std::string& where);
  void complete(ListEntry& entry, const std::string& where) const;

  ListFormat format_;
  ListColumns columns_;
  std::string list_;
  bool at_start_ = true;
  // Of a TSV: where the fields are.
  std::vector<std::size_t> path_fields_;
  std::optional<std::size_t> text_field_;
};

}  // namespace blip::cli
