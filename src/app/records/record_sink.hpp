// RecordSink: where the records of a run go.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "app/records/record.hpp"

namespace blip::app {

enum class Format { text, json, jsonl, csv, npy };

/// Not synchronised; its owner is. Every function throws OutputError if it cannot write.
class RecordSink {
 public:
  RecordSink() = default;
  virtual ~RecordSink() = default;
  RecordSink(const RecordSink&) = delete;
  RecordSink& operator=(const RecordSink&) = delete;

  /// What has been written is complete at every moment: whole records, in one write per call. Only
  /// the JSON array needs its end, which finish() gives.
  virtual void write(std::span<const Record> records) = 0;
  /// Writes what the format needs at its end and closes. Once; later calls do nothing.
  virtual void finish() = 0;
  /// The same for a run that ends early: one that has written nothing leaves its output untouched,
  /// old content included.
  virtual void finish_early() = 0;
  /// Whether the output held all about `path` when it was opened. Each call that says so uses up
  /// what it found, so that an input named twice is done twice.
  virtual bool is_done(std::string_view path) = 0;
};

struct SinkOptions {
  Format format = Format::text;
  std::filesystem::path file = {};  ///< empty: standard output
  /// Keep the records that `file` has, and write behind them. Text, JSON Lines and CSV can.
  bool resume = false;
  /// Whatever the settings were that `file` was made with.
  bool force = false;
  /// What decides what records say, by names; kept beside what is written, so that a run which
  /// resumes with others is refused. Options of the command line, as they were given.
  std::map<std::string, std::string> settings = {};
};

/// Throws OutputError if the file cannot be opened, invalid_argument if it is to be resumed and
/// holds something else.
std::unique_ptr<RecordSink> open_record_sink(const SinkOptions& options, RecordSchema schema);

}  // namespace blip::app
