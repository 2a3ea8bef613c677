// OutputFile: where results go; every write either reaches the system or throws.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

namespace blip::app {

/// A result could not be written: a full disk, a closed pipe.
class OutputError : public std::runtime_error {
 public:
  OutputError(const std::string& name, int error_number);
  OutputError(const std::string& name, const std::string& cause);
  /// The other end of the pipe is closed (`| head`), which is no failure of anybody's.
  [[nodiscard]] bool reader_left() const noexcept { return reader_left_; }

 private:
  bool reader_left_;
};

class OutputFile {
 public:
  static OutputFile standard_output();
  /// Opens `path` for writing, creating it if need be. Its old content goes with the first write
  /// (so that a run which fails before it has a result destroys nothing), or stays if `append`.
  /// Throws OutputError, also if another program has it open in this way.
  static OutputFile open(const std::filesystem::path& path, bool append);

  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile();

  /// Unbuffered: what has been written survives the end of this process. Throws OutputError.
  void write(std::string_view text);
  /// Writes over what was written before, from the first byte on. Throws OutputError, also where
  /// there is no going back (a pipe).
  void overwrite_start(std::string_view text);
  /// Some file systems report a failed write only here. Throws OutputError.
  void close();

 private:
  OutputFile(std::string name, int descriptor, bool owned, bool empty_first);

  std::string name_;
  int descriptor_;
  bool owned_;
  bool empty_first_;
};

}  // namespace blip::app
