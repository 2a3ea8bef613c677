// LineReader: names from a file or a pipe, one at a time.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

namespace blip::cli {

class LineReader {
 public:
  /// `name` is a file, or "-" for standard input. Throws UsageError if it cannot be opened.
  LineReader(const std::string& name, char separator);
  LineReader(LineReader&& other) noexcept;
  LineReader& operator=(LineReader&& other) noexcept;
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;
  ~LineReader();

  [[nodiscard]] bool is_regular_file() const;

  /// The next line that is not empty, without its end (a carriage return before a newline belongs
  /// to the end). Nothing at the end of the file or once `stop` is requested. Throws UsageError.
  std::optional<std::string> next(const std::stop_token& stop);

 private:
  bool read_more(const std::stop_token& stop);
  std::optional<std::string> take_line();
  void drop_mark();

  std::string name_;
  int descriptor_ = -1;
  char separator_ = '\n';
  std::string buffer_;
  std::size_t begin_ = 0;    // of the next line within buffer_
  std::size_t scanned_ = 0;  // from begin_ to here there is no separator
  bool at_start_ = false;    // a byte order mark may come
  bool at_end_ = false;
};

}  // namespace blip::cli
