#include "cli/result_writer.hpp"

#include <utility>

namespace blip::cli {

ResultWriter::ResultWriter(OutputFile output, ResultLayout layout)
    : output_(std::move(output)), layout_(layout) {}

void ResultWriter::append(std::string& text, const Record& record) {
  switch (layout_.format) {
    case Format::text:
      text += to_text(record, layout_.text_with_path);
      break;
    case Format::json:
      text += started_ ? ",\n  " : "[\n  ";
      text += to_json(record);
      break;
    case Format::jsonl:
      text += to_json(record) + "\n";
      break;
    case Format::csv:
      if (!started_ && !layout_.continues) text += kCsvHeader;
      text += to_csv(record);
      break;
  }
  started_ = true;
}

void ResultWriter::write(std::span<const Record> records) {
  std::string text;
  for (const Record& record : records) append(text, record);
  if (!text.empty()) output_.write(text);
}

void ResultWriter::finish_early() {
  if (started_) finish();
}

void ResultWriter::finish() {
  if (std::exchange(finished_, true)) return;
  if (layout_.format == Format::json) output_.write(started_ ? "\n]\n" : "[]\n");
  if (layout_.format == Format::csv && !started_ && !layout_.continues) output_.write(kCsvHeader);
  output_.close();
}

}  // namespace blip::cli
