// ResultWriter: records in input order to a file or standard output.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "cli/output/output_file.hpp"
#include "cli/output/record.hpp"

namespace blip::cli {

struct ResultLayout {
  Format format = Format::text;
  RecordShape shape = {};
  bool text_with_path = true;     ///< off when there is only one image to speak of
  std::string text_heading = {};  ///< before the first line of text
  bool continues = false;         ///< the output already holds records: no header
};

/// What has been written is complete at every moment: whole records, in one write per batch. Only
/// the JSON array needs its end, which finish() gives. Not synchronised; its owner is.
class ResultWriter {
 public:
  ResultWriter(OutputFile output, ResultLayout layout);

  /// Throws OutputError.
  void write(std::span<const Record> records);
  /// Writes what the format needs at its end and closes. Once; later calls do nothing. Throws
  /// OutputError.
  void finish();

  /// The same for a run that ends early: one that has written nothing leaves its output untouched,
  /// old content included.
  void finish_early();

 private:
  void append(std::string& text, const Record& record);

  OutputFile output_;
  ResultLayout layout_;
  bool started_ = false;
  bool finished_ = false;
};

}  // namespace blip::cli
