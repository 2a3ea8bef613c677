#include "app/records/record_sink.hpp"

#include <utility>

#include "app/records/file_sink.hpp"
#include "app/records/npy_sink.hpp"
#include "app/records/record_format.hpp"

namespace blip::app {
namespace {

std::unique_ptr<RecordFormat> format_of(Format format, RecordSchema schema) {
  switch (format) {
    case Format::csv:
      return csv_format(std::move(schema));
    case Format::json:
      return json_format(std::move(schema));
    case Format::jsonl:
      return jsonl_format(std::move(schema));
    default:
      return text_format(std::move(schema));
  }
}

}  // namespace

std::unique_ptr<RecordSink> open_record_sink(const SinkOptions& options, RecordSchema schema) {
  if (options.format == Format::npy) return std::make_unique<NpySink>(options.file);
  return std::make_unique<FileSink>(format_of(options.format, std::move(schema)), options);
}

}  // namespace blip::app
