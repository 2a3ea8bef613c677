#include "dataset/csv_records.hpp"

#include <utility>

#include "blip/error.hpp"

namespace blip::dataset {

CsvReader::CsvReader(std::string_view text, char separator, std::string file)
    : text_(text), separator_(separator), file_(std::move(file)) {}

std::optional<std::vector<std::string>> CsvReader::next() {
  while (at_ < text_.size() && (text_[at_] == '\n' || text_.substr(at_, 2) == "\r\n")) {
    at_ += text_[at_] == '\n' ? 1 : 2;
    ++line_;
  }
  if (at_ == text_.size()) return std::nullopt;
  record_line_ = line_;
  std::vector<std::string> fields;
  do {
    if (fields.size() == kMaxCsvFields) {
      throw Error(ErrorCode::limit_exceeded,
                  file_ + ": line " + std::to_string(record_line_) + ": more than 1,024 fields");
    }
    const bool is_quoted = at_ < text_.size() && text_[at_] == '"';
    fields.push_back(is_quoted ? quoted_field() : plain_field());
  } while (ends_with_separator());
  return fields;
}

bool CsvReader::ends_with_separator() {
  if (at_ == text_.size()) return false;
  if (text_[at_] == separator_) {
    ++at_;
    return true;
  }
  if (text_[at_] == '\r') ++at_;
  ++at_;  // the newline
  ++line_;
  return false;
}

std::string CsvReader::plain_field() {
  const std::size_t begin = at_;
  while (at_ < text_.size() && text_[at_] != separator_ && text_[at_] != '\n') ++at_;
  std::size_t end = at_;
  const bool ends_line = at_ < text_.size() && text_[at_] == '\n';
  if (ends_line && end > begin && text_[end - 1] == '\r') --end;
  return std::string(text_.substr(begin, end - begin));
}

std::string CsvReader::quoted_field() {
  const std::size_t first_line = line_;
  std::string field;
  ++at_;
  while (true) {
    if (at_ == text_.size()) refuse(first_line, "a quote is not closed");
    const char c = text_[at_++];
    if (c != '"') {
      field += c;
      if (c == '\n') ++line_;
      continue;
    }
    if (at_ == text_.size() || text_[at_] != '"') break;
    field += '"';
    ++at_;
  }
  const std::string_view rest = text_.substr(at_, 2);
  const bool ends = rest.empty() || rest[0] == separator_ || rest[0] == '\n' || rest == "\r\n";
  if (!ends) refuse(line_, "a closing quote has something behind it");
  return field;
}

void CsvReader::refuse(std::size_t line, const std::string& cause) const {
  throw Error(ErrorCode::malformed, file_ + ": line " + std::to_string(line) + ": " + cause);
}

}  // namespace blip::dataset
