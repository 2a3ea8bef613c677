#include "dataset/json_rows.hpp"

#include <algorithm>
#include <string>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/text_encoding.hpp"
#include "dataset/annotation.hpp"

namespace blip::dataset {
namespace {

bool is_blank(char character) {
  return character == ' ' || character == '\n' || character == '\r' || character == '\t';
}

class RowScan {
 public:
  explicit RowScan(const ByteSource& source) : source_(source) {}

  std::vector<JsonRow> run() {
    constexpr std::uint64_t kChunk = std::uint64_t{1} << 20;
    const std::string first =
        read_text(source_, 0, static_cast<std::size_t>(std::min<std::uint64_t>(3, source_.size)));
    refuse_utf16(first, source_.name);
    for (std::uint64_t start = utf8_mark_length(first); start < source_.size; start += kChunk) {
      const auto size = static_cast<std::size_t>(std::min(kChunk, source_.size - start));
      const std::string chunk = read_text(source_, start, size);
      for (std::size_t i = 0; i < size; ++i) take(chunk[i], start + i);
    }
    if (place_ != Place::end && place_ != Place::between_lines) {
      throw_at(source_, source_.size, "the list of samples ends too early");
    }
    return std::move(rows_);
  }

 private:
  enum class Place { start, first_row, row_due, in_row, after_row, between_lines, end };

  void take(char character, std::uint64_t offset) {
    if (place_ == Place::in_row) return take_in_row(character, offset);
    if (is_blank(character)) return;
    const bool row_may_begin = place_ == Place::start || place_ == Place::first_row ||
                               place_ == Place::row_due || place_ == Place::between_lines;
    if (character == '{' && row_may_begin) {
      begin_row(offset);
    } else if (place_ == Place::start && character == '[') {
      is_list_ = true;
      place_ = Place::first_row;
    } else if (place_ == Place::after_row && character == ',') {
      place_ = Place::row_due;
    } else if ((place_ == Place::after_row || place_ == Place::first_row) && character == ']') {
      place_ = Place::end;
    } else {
      throw_at(source_, offset,
               "expected " + std::string(expected()) + ", found " +
                   in_quotes(std::string_view(&character, 1)));
    }
  }

  [[nodiscard]] std::string_view expected() const {
    switch (place_) {
      case Place::start:
        return "a list of objects, or an object a line";
      case Place::after_row:
        return "',' or ']'";
      case Place::end:
        return "nothing after the list";
      default:
        return "an object";
    }
  }

  void begin_row(std::uint64_t offset) {
    if (rows_.size() == kMaxJsonRows) {
      throw Error(ErrorCode::limit_exceeded,
                  source_.name + ": more than " + std::to_string(kMaxJsonRows) + " samples");
    }
    rows_.push_back({offset, 0});
    place_ = Place::in_row;
    depth_ = 1;
  }

  void take_in_row(char character, std::uint64_t offset) {
    if (in_string_) {
      if (is_escaped_) {
        is_escaped_ = false;
      } else if (character == '\\') {
        is_escaped_ = true;
      } else if (character == '"') {
        in_string_ = false;
      }
    } else if (character == '"') {
      in_string_ = true;
    } else if (character == '{' || character == '[') {
      ++depth_;
    } else if (character == '}' || character == ']') {
      --depth_;
    }
    JsonRow& row = rows_.back();
    const std::uint64_t size = offset + 1 - row.offset;
    if (size > kMaxAnnotationBytes) {
      throw Error(ErrorCode::limit_exceeded,
                  source_.name + ": at byte " + std::to_string(row.offset) +
                      ": a sample of more than " + std::to_string(kMaxAnnotationBytes) + " bytes");
    }
    if (depth_ > 0) return;
    row.size = static_cast<std::uint32_t>(size);
    place_ = is_list_ ? Place::after_row : Place::between_lines;
  }

  const ByteSource& source_;
  std::vector<JsonRow> rows_;
  Place place_ = Place::start;
  bool is_list_ = false;
  int depth_ = 0;  // open brackets of the row; at most kMaxAnnotationBytes
  bool in_string_ = false;
  bool is_escaped_ = false;
};

}  // namespace

std::vector<JsonRow> index_json_rows(const ByteSource& source) {
  return RowScan(source).run();
}

}  // namespace blip::dataset
