#include "app/records/file_sink.hpp"

#include <string>
#include <utility>

#include "app/records/writer_lock.hpp"

namespace blip::app {
namespace {

OutputFile open_output(const std::filesystem::path& file, bool append) {
  return file.empty() ? OutputFile::standard_output() : OutputFile::open(file, append);
}

// Of a text that does not say what was asked, the settings have to.
OutputSettings settings_of(const SinkOptions& options, const RecordSchema& schema) {
  auto settings = options.settings;
  if (options.format == Format::text) {
    std::string asked;
    for (const std::string& each : schema.asked) asked += (asked.empty() ? "" : "\n") + each;
    if (!asked.empty()) settings.emplace(schema.about.front(), asked);
  }
  return {options.file, std::move(settings)};
}

// Nobody may write to the file while it is read and what has to be done again is removed.
std::optional<FinishedRecords> finished_records(const SinkOptions& options,
                                                const OutputSettings& settings,
                                                const RecordFormat& format) {
  if (!options.resume) return std::nullopt;
  const WriterLock lock(options.file);
  if (!options.force) settings.require_same();
  return std::optional<FinishedRecords>(std::in_place, options.file, format);
}

}  // namespace

FileSink::FileSink(std::unique_ptr<RecordFormat> format, const SinkOptions& options)
    : format_(std::move(format)),
      settings_(settings_of(options, format_->schema())),
      earlier_(finished_records(options, settings_, *format_)),
      output_(open_output(options.file, options.resume)),
      has_header_(earlier_ && earlier_->any_content()) {
  // What had to be removed may have taken them along.
  if (has_header_) settings_.keep();
  has_settings_ = has_header_;
}

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
  if (!text.empty()) write_text(text);
}

// What was there before goes with the first record, and its settings with it.
void FileSink::write_text(std::string_view text) {
  output_.write(text);
  if (!std::exchange(has_settings_, true)) settings_.keep();
}

void FileSink::finish_early() {
  if (has_taken_) finish();
}

void FileSink::finish() {
  if (std::exchange(finished_, true)) return;
  std::string text;
  if (!has_header_ && format_->is_header_required()) text += format_->header();
  text += format_->footer(has_records_);
  if (!text.empty()) write_text(text);
  output_.close();
}

bool FileSink::is_done(std::string_view path) {
  return earlier_ && earlier_->take(path);
}

}  // namespace blip::app
