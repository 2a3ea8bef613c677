// RecordScanner: the raw records of an output file, with where they lie in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace blip::cli {

struct RawRecord {
  std::string text = {};  ///< without its line end
  std::size_t number = 0;
  std::uint64_t begin = 0;  ///< bytes [begin, end) of the file, line end included
  std::uint64_t end = 0;
  bool complete = true;  ///< false for a last one without line end
};

class RecordScanner {
 public:
  /// A record is a line; in CSV, line ends between quotes belong to the field. Throws UsageError if
  /// the file cannot be read.
  RecordScanner(const std::filesystem::path& path, bool quoted);

  /// Throws UsageError at a record longer than any that blip writes.
  std::optional<RawRecord> next();

 private:
  std::string name_;
  std::ifstream file_;
  bool quoted_;
  std::size_t number_ = 0;
  std::uint64_t position_ = 0;
};

/// The fields of one CSV record (RFC 4180).
std::vector<std::string> split_csv(const std::string& record);

}  // namespace blip::cli
