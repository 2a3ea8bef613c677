#include "cli/finished_records.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "cli/command_line.hpp"
#include "cli/output_file.hpp"
#include "cli/record_scanner.hpp"

namespace blip::cli {
namespace {

namespace fs = std::filesystem;

struct Range {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

// What one record says: the paths it may be about, and whether it holds a caption.
struct Entry {
  std::vector<std::string> paths;
  bool done = true;
};

std::optional<Entry> parse_jsonl(const std::string& line) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object() || !json.contains("path") || !json["path"].is_string()) {
    return std::nullopt;
  }
  return Entry{{json["path"].get<std::string>()},
               json.contains("caption") && json["caption"].is_string()};
}

std::optional<Entry> parse_csv(const std::string& record) {
  auto fields = split_csv(record);
  if (fields.size() != 3) return std::nullopt;
  return Entry{{std::move(fields[0])}, !fields[1].empty()};
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

std::optional<Entry> parse(Format format, const std::string& record) {
  switch (format) {
    case Format::text:
      return parse_text(record);
    case Format::csv:
      return parse_csv(record);
    default:
      return parse_jsonl(record);
  }
}

// Whether `tail`, which no line end follows, is a record cut short, and not the end of some other
// file that was named by mistake. A power loss can also leave zeros.
bool is_torn_record(Format format, std::string_view tail, bool first) {
  if (tail.find_first_not_of('\0') == std::string_view::npos) return true;
  if (tail.find('\0') != std::string_view::npos) return false;
  if (format == Format::text || (format == Format::csv && !first)) return true;
  const std::string_view start = format == Format::csv ? kCsvHeader : R"({"path":)";
  return tail.substr(0, start.size()) == start.substr(0, tail.size());
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

FinishedRecords::FinishedRecords(const fs::path& path, Format format, std::size_t num_captions)
    : format_(format), rows_per_image_(format == Format::jsonl ? 1 : num_captions) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return;
  if (!fs::is_regular_file(path, ignored)) {
    throw UsageError(path.string() + ": --resume needs a regular file");
  }

  const auto refuse = [&](std::size_t number) {
    throw UsageError(
        fmt::format("{}: record {} is not blip's; it was left as it is", path.string(), number));
  };
  std::vector<Range> dropped;
  std::vector<std::pair<Range, Entry>> last_image;  // rows of the image that comes last so far
  RecordScanner scanner(path, format == Format::csv);
  while (auto record = scanner.next()) {
    if (!record->complete) {
      if (!is_torn_record(format, record->text, record->number == 1)) refuse(record->number);
      dropped.push_back({record->begin, record->end});
      continue;
    }
    any_content_ = true;
    if (format == Format::csv && record->number == 1) {
      if (record->text + "\r\n" != kCsvHeader) refuse(1);
      continue;
    }
    std::optional<Entry> entry = parse(format, record->text);
    if (!entry) refuse(record->number);
    if (!entry->done) {
      dropped.push_back({record->begin, record->end});
      continue;
    }
    for (const std::string& name : entry->paths) ++rows_[name];
    if (!last_image.empty() && last_image.front().second.paths.front() != entry->paths.front()) {
      last_image.clear();
    }
    if (last_image.size() == rows_per_image_) last_image.clear();
    last_image.emplace_back(Range{record->begin, record->end}, std::move(*entry));
  }
  if (last_image.size() < rows_per_image_) {
    for (const auto& [range, entry] : last_image) {
      dropped.push_back(range);
      for (const std::string& name : entry.paths) --rows_[name];
    }
  }
  if (dropped.empty()) return;
  std::sort(dropped.begin(), dropped.end(),
            [](const Range& left, const Range& right) { return left.begin < right.begin; });
  // Neighbours become one, so that a torn end is the single range that truncation can remove.
  std::vector<Range> merged;
  for (const Range& range : dropped) {
    if (!merged.empty() && merged.back().end == range.begin) {
      merged.back().end = range.end;
    } else {
      merged.push_back(range);
    }
  }
  remove_ranges(path, merged);
  any_content_ = fs::file_size(path, ignored) > 0;
}

bool FinishedRecords::take(std::string_view path) {
  const auto found = rows_.find(path_in(format_, path));
  if (found == rows_.end() || found->second < rows_per_image_) return false;
  found->second -= rows_per_image_;
  return true;
}

}  // namespace blip::cli
