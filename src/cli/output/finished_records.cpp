#include "cli/output/finished_records.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "cli/options/command_line.hpp"
#include "cli/output/output_file.hpp"
#include "cli/output/record_scanner.hpp"

namespace blip::cli {
namespace {

namespace fs = std::filesystem;

struct Range {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

// What one record says: the paths and the question it may be about, and whether it has an answer.
struct Entry {
  std::vector<std::string> paths;
  std::optional<std::string> about;  // nothing where the record cannot tell
  bool done = true;
};

std::optional<Entry> parse_jsonl(const std::string& line, const RecordShape& shape) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  const auto text_of = [&json](std::string_view name) -> std::optional<std::string> {
    const auto found = json.find(std::string(name));
    if (found == json.end() || !found->is_string()) return std::nullopt;
    return found->get<std::string>();
  };
  if (!json.is_object()) return std::nullopt;
  auto path = text_of(shape.subject);
  if (!path) return std::nullopt;
  Entry entry{.paths = {std::move(*path)}, .about = "", .done = false};
  const auto answer = json.find(std::string(shape.results.front()));
  entry.done = answer != json.end() && !answer->is_null();
  if (!shape.about.empty()) entry.about = text_of(shape.about.front()).value_or("");
  return entry;
}

std::optional<Entry> parse_csv(const std::string& record, const RecordShape& shape) {
  auto fields = split_csv(record);
  const std::size_t asked = shape.about.size();
  if (fields.size() != asked + shape.results.size() + 2) return std::nullopt;
  const bool done = fields.back().empty();  // of the error column
  return Entry{{std::move(fields[0])}, asked > 0 ? std::move(fields[1]) : "", done};
}

// A path may itself hold ": ", so every split is a possible one; asking for a path that merely
// begins another's line is the rarer mistake.
std::optional<Entry> parse_text(const std::string& line) {
  Entry entry;
  for (std::size_t at = line.find(": "); at != std::string::npos; at = line.find(": ", at + 1)) {
    if (at > 0) entry.paths.push_back(line.substr(0, at));
  }
  if (entry.paths.empty()) return std::nullopt;
  return entry;
}

std::optional<Entry> parse(const ExpectedRecords& expected, const std::string& record) {
  switch (expected.format) {
    case Format::text:
      return parse_text(record);
    case Format::csv:
      return parse_csv(record, expected.shape);
    default:
      return parse_jsonl(record, expected.shape);
  }
}

// Whether `tail`, which no line end follows, is a record cut short, and not the end of some other
// file that was named by mistake. A power loss can also leave zeros.
bool is_torn_record(const ExpectedRecords& expected, std::string_view tail, bool first) {
  if (tail.find_first_not_of('\0') == std::string_view::npos) return true;
  if (tail.find('\0') != std::string_view::npos) return false;
  const bool is_csv = expected.format == Format::csv;
  if (expected.format == Format::text || (is_csv && !first)) return true;
  const std::string start =
      is_csv ? csv_header(expected.shape) : "{\"" + std::string(expected.shape.subject) + "\":";
  return start.starts_with(tail.substr(0, start.size()));
}

// Neighbours become one, so that a torn end is the single range that truncation can remove.
std::vector<Range> in_order_and_joined(std::vector<Range> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const Range& left, const Range& right) { return left.begin < right.begin; });
  std::vector<Range> joined;
  for (const Range& range : ranges) {
    if (!joined.empty() && joined.back().end == range.begin) {
      joined.back().end = range.end;
    } else {
      joined.push_back(range);
    }
  }
  return joined;
}

void remove_ranges(const fs::path& path, const std::vector<Range>& ranges) {
  std::error_code error;
  const fs::path target = fs::canonical(path, error);  // a link stays a link
  const auto size = fs::file_size(target, error);
  if (!error && ranges.size() == 1 && ranges.front().end == size) {
    fs::resize_file(target, ranges.front().begin, error);
    if (!error) return;
  }
  if (error) throw OutputError(path.string(), error.value());

  const fs::path copy = target.string() + ".resume";
  std::ifstream source(target, std::ios::binary);
  OutputFile destination = OutputFile::open(copy, false);
  std::vector<char> chunk(std::size_t{1} << 16);
  std::uint64_t at = 0;
  const auto copy_until = [&](std::uint64_t end) {
    while (at < end && source) {
      source.read(chunk.data(),
                  static_cast<std::streamsize>(std::min<std::uint64_t>(chunk.size(), end - at)));
      const auto length = static_cast<std::size_t>(source.gcount());
      destination.write({chunk.data(), length});
      at += length;
    }
  };
  for (const Range& range : ranges) {
    copy_until(range.begin);
    source.seekg(static_cast<std::streamoff>(range.end));
    at = range.end;
  }
  copy_until(size);
  destination.close();
  fs::rename(copy, target, error);
  if (error) throw OutputError(path.string(), error.value());
}

}  // namespace

FinishedRecords::FinishedRecords(const fs::path& path, ExpectedRecords expected)
    : expected_(std::move(expected)) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return;
  if (!fs::is_regular_file(path, ignored)) {
    throw UsageError(path.string() + ": --resume needs a regular file");
  }

  const auto refuse = [&](std::size_t number, std::string_view what = "is not blip's") {
    throw UsageError(
        fmt::format("{}: record {} {}; it was left as it is", path.string(), number, what));
  };
  const std::vector<std::string>& about = expected_.about;
  const bool is_csv = expected_.format == Format::csv;
  std::vector<Range> dropped;
  std::vector<std::pair<Range, Entry>> last_image;  // rows of the image that comes last so far
  RecordScanner scanner(path, is_csv);
  while (auto record = scanner.next()) {
    if (!record->complete) {
      if (!is_torn_record(expected_, record->text, record->number == 1)) refuse(record->number);
      dropped.push_back({record->begin, record->end});
      continue;
    }
    any_content_ = true;
    if (is_csv && record->number == 1) {
      if (record->text + "\r\n" != csv_header(expected_.shape)) refuse(1);
      continue;
    }
    std::optional<Entry> entry = parse(expected_, record->text);
    if (!entry) refuse(record->number);
    if (!entry->done) {
      dropped.push_back({record->begin, record->end});
      continue;
    }
    for (const std::string& name : entry->paths) ++rows_[name];
    const bool next_image =
        !last_image.empty() && last_image.front().second.paths.front() != entry->paths.front();
    const bool more_was_to_come =
        !expected_.shape.about.empty() && entry->about && last_image.size() < about.size();
    if (last_image.size() == about.size() || next_image) last_image.clear();
    if ((next_image && more_was_to_come) ||
        (entry->about && *entry->about != to_utf8(about[last_image.size()]))) {
      refuse(record->number, "shows that other things were asked than now");
    }
    last_image.emplace_back(Range{record->begin, record->end}, std::move(*entry));
  }
  if (last_image.size() < about.size()) {
    for (const auto& [range, entry] : last_image) {
      dropped.push_back(range);
      for (const std::string& name : entry.paths) --rows_[name];
    }
  }
  if (dropped.empty()) return;
  remove_ranges(path, in_order_and_joined(std::move(dropped)));
  any_content_ = fs::file_size(path, ignored) > 0;
}

bool FinishedRecords::take(std::string_view path) {
  const auto found = rows_.find(path_in(expected_.format, path));
  if (found == rows_.end() || found->second < expected_.about.size()) return false;
  found->second -= expected_.about.size();
  return true;
}

}  // namespace blip::cli
