#include "cli/input/list_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "app/records/record.hpp"
#include "blip/error.hpp"
#include "cli/options/option_parser.hpp"
#include "core/file_ending.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"

namespace blip::cli {
namespace {

// Names of "path" in other programs' lists: Hugging Face's metadata.jsonl, and many data sets.
constexpr std::string_view kPath = "path";
constexpr const char* kOtherPaths[] = {"file_name", "image"};

[[noreturn]] void refuse_line(const std::string& where, const std::string& cause) {
  throw UsageError(where + ": " + cause);
}

bool is_path_name(const std::string& field) {
  return field == kPath || std::ranges::find(kOtherPaths, field) != std::end(kOtherPaths);
}

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::size_t begin = 0;
  for (std::size_t tab = line.find('\t'); tab != std::string::npos; tab = line.find('\t', begin)) {
    fields.push_back(line.substr(begin, tab - begin));
    begin = tab + 1;
  }
  fields.push_back(line.substr(begin));
  return fields;
}

std::optional<std::string> path_in(const JsonFields& fields, const std::string& name) {
  auto path = fields.string(name.c_str());
  if (path || name != kPath) return path;
  for (const char* other : kOtherPaths) {
    if (auto found = fields.string(other)) return found;
  }
  return std::nullopt;
}

}  // namespace

ListFormat list_format_of(const std::string& list) {
  const std::string ending = file_ending(list);
  if (ending == "jsonl" || ending == "ndjson") return ListFormat::jsonl;
  return ending == "tsv" ? ListFormat::tsv : ListFormat::names;
}

ListParser::ListParser(ListFormat format, ListColumns columns, std::string list)
    : format_(format), columns_(std::move(columns)), list_(std::move(list)) {
  if (list_ == "-") list_ = "standard input";
  for (std::size_t i = 0; i < columns_.paths.size(); ++i) path_fields_.push_back(i);
  if (!columns_.text.empty()) text_field_ = columns_.paths.size();
}

std::optional<ListEntry> ListParser::parse(const std::string& line, std::size_t number) {
  const std::string where = fmt::format("{}: line {}", list_, number);
  const bool first = std::exchange(at_start_, false);
  ListEntry entry;
  if (format_ == ListFormat::jsonl) {
    entry = parse_json(line, where);
  } else {
    const std::vector<std::string> fields = fields_of(line);
    const std::string& name = columns_.paths.front();
    if (first && (fields.front() == name || (name == kPath && is_path_name(fields.front())))) {
      take_header(fields, where);
      return std::nullopt;
    }
    entry = parse_fields(fields, where);
  }
  complete(entry, where);
  return entry;
}

ListEntry ListParser::parse_json(const std::string& line, const std::string& where) const {
  try {
    const nlohmann::json object = parse_json_object(line, where);
    const JsonFields fields(object, where);
    ListEntry entry;
    for (const std::string& name : columns_.paths) {
      auto path = path_in(fields, name);
      if (!path) refuse_line(where, fmt::format("has no \"{}\"", name));
      entry.paths.push_back(app::path_of_text(*path));
    }
    if (!columns_.text.empty()) entry.text = fields.string(columns_.text.c_str());
    return entry;
  } catch (const Error& error) {
    throw UsageError(error.what());
  }
}

ListEntry ListParser::parse_fields(const std::vector<std::string>& fields,
                                   const std::string& where) const {
  ListEntry entry;
  for (std::size_t i = 0; i < path_fields_.size(); ++i) {
    if (path_fields_[i] >= fields.size()) {
      refuse_line(where,
                  fmt::format("has no \"{}\"; fields are separated by tabs", columns_.paths[i]));
    }
    entry.paths.push_back(fields[path_fields_[i]]);
  }
  // An empty field, or none, is no text.
  if (text_field_ && *text_field_ < fields.size() && !fields[*text_field_].empty()) {
    entry.text = fields[*text_field_];
  }
  return entry;
}

void ListParser::take_header(const std::vector<std::string>& fields, const std::string& where) {
  for (std::size_t i = 0; i < columns_.paths.size(); ++i) {
    const std::string& name = columns_.paths[i];
    const auto found = std::ranges::find_if(fields, [&](const std::string& field) {
      return field == name || (name == kPath && is_path_name(field));
    });
    if (found == fields.end()) refuse_line(where, fmt::format("names no field \"{}\"", name));
    path_fields_[i] = static_cast<std::size_t>(found - fields.begin());
  }
  const auto text = std::ranges::find(fields, columns_.text);
  text_field_.reset();
  if (!columns_.text.empty() && text != fields.end()) {
    text_field_ = static_cast<std::size_t>(text - fields.begin());
  }
}

void ListParser::complete(ListEntry& entry, const std::string& where) const {
  for (std::size_t i = 0; i < entry.paths.size(); ++i) {
    const std::string& path = entry.paths[i];
    if (path.empty()) refuse_line(where, fmt::format("has an empty \"{}\"", columns_.paths[i]));
    if (path.find('\0') != std::string::npos) refuse_line(where, "a name holds a NUL byte");
  }
  if (columns_.text.empty()) return;
  if (!entry.text) entry.text = columns_.otherwise;
  if (!entry.text) refuse_line(where, fmt::format("has no \"{}\"", columns_.text));
}

}  // namespace blip::cli
