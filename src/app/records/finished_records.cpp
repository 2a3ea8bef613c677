#include "app/records/finished_records.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "app/records/output_file.hpp"
#include "blip/error.hpp"
#include "core/text_encoding.hpp"

namespace blip::app {
namespace {

namespace fs = std::filesystem;

// A path of 4,096 bytes and many captions fit; a file without line ends does not fill the memory.
constexpr std::size_t kMaxRecord = std::size_t{1} << 20;

[[noreturn]] void fail(const std::string& message) {
  throw Error(ErrorCode::invalid_argument, message);
}

struct RawRecord {
  std::string text = {};  // without its line end
  std::size_t number = 0;
  std::uint64_t begin = 0;  // bytes [begin, end) of the file, line end included
  std::uint64_t end = 0;
  bool complete = true;  // false for a last one without line end
};

// The raw records of an output file, with where they lie in it.
class RecordScanner {
 public:
  // A record is a line; if `quoted`, line ends between quotes belong to the field.
  RecordScanner(const fs::path& path, bool quoted)
      : name_(path.string()), file_(path, std::ios::binary), quoted_(quoted) {
    if (!file_) fail(name_ + ": cannot read it to resume");
    // A mark that an editor left stays where it is; the first record begins behind it.
    std::string start(3, '\0');
    file_.read(start.data(), static_cast<std::streamsize>(start.size()));
    start.resize(static_cast<std::size_t>(file_.gcount()));
    file_.clear();
    position_ = utf8_mark_length(start);
    file_.seekg(static_cast<std::streamoff>(position_));
  }

  std::optional<RawRecord> next() {
    RawRecord record{.number = number_ + 1, .begin = position_, .complete = false};
    bool in_quotes = false;
    std::streambuf& bytes = *file_.rdbuf();
    for (int byte = bytes.sbumpc(); byte != std::char_traits<char>::eof(); byte = bytes.sbumpc()) {
      ++position_;
      const char c = std::char_traits<char>::to_char_type(byte);
      if (quoted_ && c == '"') in_quotes = !in_quotes;
      if (c == '\n' && !in_quotes) {
        record.complete = true;
        break;
      }
      record.text += c;
      if (record.text.size() > kMaxRecord) {
        fail(name_ + ": is not an output of blip (a line of more than 1 MiB)");
      }
    }
    if (position_ == record.begin) return std::nullopt;
    if (record.complete && record.text.ends_with('\r')) record.text.pop_back();
    record.end = position_;
    ++number_;
    return record;
  }

 private:
  std::string name_;
  std::ifstream file_;
  bool quoted_;
  std::size_t number_ = 0;
  std::uint64_t position_ = 0;
};

struct Range {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

// Whether `tail`, which no line end follows, is a record cut short, and not the end of some other
// file that was named by mistake. A power loss can also leave zeros.
bool is_torn_record(const RecordFormat& format, std::string_view tail, bool first) {
  if (tail.find_first_not_of('\0') == std::string_view::npos) return true;
  if (tail.find('\0') != std::string_view::npos) return false;
  const std::string start = format.certain_start(first);
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

FinishedRecords::FinishedRecords(const fs::path& path, const RecordFormat& format)
    : format_(format), records_per_input_(format.expected_about().size()) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return;
  if (!fs::is_regular_file(path, ignored)) {
    fail(path.string() + ": --resume needs a regular file");
  }

  const auto refuse = [&](std::size_t number, std::string_view what = "is not blip's") {
    fail(fmt::format("{}: record {} {}; it was left as it is", path.string(), number, what));
  };
  const std::vector<std::string> about = format.expected_about();
  const std::string header = format.is_header_required() ? format.header() : "";
  std::vector<Range> dropped;
  // Records of the image that comes last so far.
  std::vector<std::pair<Range, WrittenRecord>> last_image;
  RecordScanner scanner(path, format.has_quoted_line_ends());
  while (auto record = scanner.next()) {
    if (!record->complete) {
      if (!is_torn_record(format, record->text, record->number == 1)) refuse(record->number);
      dropped.push_back({record->begin, record->end});
      continue;
    }
    any_content_ = true;
    if (!header.empty() && record->number == 1) {
      if (record->text + "\r\n" != header) refuse(1);
      continue;
    }
    std::optional<WrittenRecord> written = format.parse(record->text);
    if (!written) refuse(record->number);
    if (!written->done) {
      dropped.push_back({record->begin, record->end});
      continue;
    }
    for (const std::string& name : written->paths) ++rows_[name];
    const bool next_image =
        !last_image.empty() && last_image.front().second.paths.front() != written->paths.front();
    const bool more_was_to_come =
        !format.schema().about.empty() && written->about && last_image.size() < about.size();
    if (last_image.size() == about.size() || next_image) last_image.clear();
    if ((next_image && more_was_to_come) ||
        (written->about && *written->about != to_utf8(about[last_image.size()]))) {
      refuse(record->number, "shows that other things were asked than now");
    }
    last_image.emplace_back(Range{record->begin, record->end}, std::move(*written));
  }
  if (last_image.size() < about.size()) {
    for (const auto& [range, written] : last_image) {
      dropped.push_back(range);
      for (const std::string& name : written.paths) --rows_[name];
    }
  }
  if (dropped.empty()) return;
  remove_ranges(path, in_order_and_joined(std::move(dropped)));
  any_content_ = fs::file_size(path, ignored) > 0;
}

bool FinishedRecords::take(std::string_view path) {
  const auto found = rows_.find(format_.path_as_written(path));
  if (found == rows_.end() || found->second < records_per_input_) return false;
  found->second -= records_per_input_;
  return true;
}

}  // namespace blip::app
