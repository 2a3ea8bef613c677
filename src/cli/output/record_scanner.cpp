#include "cli/output/record_scanner.hpp"

#include "cli/options/command_line.hpp"

namespace blip::cli {
namespace {

// A path of 4,096 bytes and many captions fit; a file without line ends does not fill the memory.
constexpr std::size_t kMaxRecord = std::size_t{1} << 20;

}  // namespace

RecordScanner::RecordScanner(const std::filesystem::path& path, bool quoted)
    : name_(path.string()), file_(path, std::ios::binary), quoted_(quoted) {
  if (!file_) throw UsageError(name_ + ": cannot read it to resume");
}

std::optional<RawRecord> RecordScanner::next() {
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
      throw UsageError(name_ + ": is not an output of blip (a line of more than 1 MiB)");
    }
  }
  if (position_ == record.begin) return std::nullopt;
  if (record.complete && record.text.ends_with('\r')) record.text.pop_back();
  record.end = position_;
  ++number_;
  return record;
}

std::vector<std::string> split_csv(const std::string& record) {
  std::vector<std::string> fields(1);
  bool in_quotes = false;
  for (std::size_t i = 0; i < record.size(); ++i) {
    const char c = record[i];
    if (c == '"' && in_quotes && i + 1 < record.size() && record[i + 1] == '"') {
      fields.back() += '"';
      ++i;
    } else if (c == '"') {
      in_quotes = !in_quotes;
    } else if (c == ',' && !in_quotes) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

}  // namespace blip::cli
