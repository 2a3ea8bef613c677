#include "cli/output/result_writer.hpp"

#include <utility>

namespace blip::cli {

ResultWriter::ResultWriter(OutputFile output, ResultLayout layout)
    : output_(std::move(output)), layout_(std::move(layout)) {}

void ResultWriter::append(std::string& text, const Record& record) {
  if (record.findings.empty() && (record.error.empty() || !layout_.shape.failures)) return;
  switch (layout_.format) {
    case Format::text:
      if (!started_ && !layout_.continues && !record.findings.empty()) text += layout_.text_heading;
      text += to_text(record, layout_.text_with_path);
      break;
    case Format::csv:
      if (!started_ && !layout_.continues) text += csv_header(layout_.shape);
      text += to_csv(record, layout_.shape);
      break;
    default:
      for (const std::string& object : to_json(record, layout_.shape)) {
        if (layout_.format == Format::jsonl) {
          text += object + "\n";
        } else {
          text += (std::exchange(started_, true) ? ",\n  " : "[\n  ") + object;
        }
      }
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
  if (layout_.format == Format::csv && !started_ && !layout_.continues) {
    output_.write(csv_header(layout_.shape));
  }
  output_.close();
}

}  // namespace blip::cli
