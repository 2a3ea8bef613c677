#include "app/records/file_sink.hpp"

#include <string>
#include <utility>

namespace blip::app {
namespace {

OutputFile open_output(const std::filesystem::path& file, bool append) {
  return file.empty() ? OutputFile::standard_output() : OutputFile::open(file, append);
}

}  // namespace

FileSink::FileSink(std::unique_ptr<RecordFormat> format, const std::filesystem::path& file,
                   bool resume)
    : format_(std::move(format)),
      earlier_(resume ? std::optional<FinishedRecords>(std::in_place, file, *format_)
                      : std::nullopt),
      output_(open_output(file, resume)),
      has_header_(earlier_ && earlier_->any_content()) {}

void FileSink::append(std::string& text, const Record& record) {
  if (record.findings.empty() && (record.error.empty() || !format_->schema().failures)) return;
  has_taken_ = true;
  const std::string body = format_->body(record);
  if (body.empty()) return;
  if (!std::exchange(has_header_, true)) text += format_->header();
  if (std::exchange(has_records_, true)) text += format_->separator();
  text += body;
}

void FileSink::write(std::span<const Record> records) {
  std::string text;
  for (const Record& record : records) append(text, record);
  if (!text.empty()) output_.write(text);
}

void FileSink::finish_early() {
  if (has_taken_) finish();
}

void FileSink::finish() {
  if (std::exchange(finished_, true)) return;
  std::string text;
  if (!has_header_ && format_->is_header_required()) text += format_->header();
  text += format_->footer(has_records_);
  if (!text.empty()) output_.write(text);
  output_.close();
}

bool FileSink::is_done(std::string_view path, std::string_view about) {
  return earlier_ && earlier_->take(path, about);
}

}  // namespace blip::app
