#include "cli/output/console.hpp"

#include <unistd.h>

#include <cerrno>

#include "app/records/output_file.hpp"

namespace blip::cli {

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
  app::OutputFile output = app::OutputFile::standard_output();
  output.write(text);
  output.close();
}

}  // namespace blip::cli
