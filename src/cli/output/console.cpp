#include "cli/output/console.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "cli/output/output_file.hpp"

namespace blip::cli {

std::string printable(std::string_view text) {
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return line;
}

void write_to_stderr(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void say(std::string_view message) {
  write_to_stderr("blip: " + printable(message) + "\n");
}

void print(std::string_view text) {
  OutputFile output = OutputFile::standard_output();
  output.write(text);
  output.close();
}

}  // namespace blip::cli
