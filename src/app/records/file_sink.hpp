// FileSink: records as text of one format, in a file or on standard output.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "app/records/finished_records.hpp"
#include "app/records/output_file.hpp"
#include "app/records/output_settings.hpp"
#include "app/records/record_format.hpp"
#include "app/records/record_sink.hpp"

namespace blip::app {

class FileSink final : public RecordSink {
 public:
  /// Of `options`, everything but the format, which is given. Throws what OutputSettings,
  /// FinishedRecords and OutputFile throw.
  FileSink(std::unique_ptr<RecordFormat> format, const SinkOptions& options);

  void write(std::span<const Record> records) override;
  void finish() override;
  void finish_early() override;
  bool is_done(std::string_view path) override;

 private:
  void append(std::string& text, const Record& record);
  void write_text(std::string_view text);

  std::unique_ptr<RecordFormat> format_;
  OutputSettings settings_;
  std::optional<FinishedRecords> earlier_;  // before output_: it may rewrite the file
  OutputFile output_;
  bool has_header_;            // written, now or by an earlier run
  bool has_records_ = false;   // of this run
  bool has_settings_ = false;  // they are kept with what is written
  bool has_taken_ = false;     // a record, even one that the format has nothing to say of
  bool finished_ = false;
};

}  // namespace blip::app
