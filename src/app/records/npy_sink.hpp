// NpySink: embeddings as a NumPy array, and the names of its rows beside it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "app/records/output_file.hpp"
#include "app/records/record_sink.hpp"

namespace blip::app {

/// Writes `NAME.npy`, float32 [n, d], as numpy.save does, byte for byte, and `NAME.names.txt`: the
/// inputs of its rows, one per line, as they were named. A name with a line break in it, or one
/// that begins with a quotation mark, is written as a JSON string of its path_text. Failed inputs
/// have no row.
///
/// Both are complete after every write.
class NpySink final : public RecordSink {
 public:
  /// `path` is NAME or NAME.npy. Throws OutputError.
  explicit NpySink(const std::filesystem::path& path);

  /// Takes the one value of each finding, which must be an embedding. Throws OutputError.
  void write(std::span<const Record> records) override;
  void finish() override;
  void finish_early() override;
  /// An array cannot be continued.
  bool is_done(std::string_view /*path*/) override { return false; }

 private:
  OutputFile rows_;
  OutputFile names_;
  std::uint64_t num_rows_ = 0;
  std::size_t width_ = 0;  // of a row; known from the first one on
  bool started_ = false;
  bool finished_ = false;
};

/// The files that NpySink writes for `path`.
std::filesystem::path npy_rows_path(const std::filesystem::path& path);
std::filesystem::path npy_names_path(const std::filesystem::path& path);

}  // namespace blip::app
