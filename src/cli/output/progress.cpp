#include "cli/output/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "cli/output/console.hpp"

namespace blip::cli {
namespace {

constexpr std::size_t kBarWidth = 24;
constexpr std::size_t kUsualColumns = 80;  // when the terminal does not say

std::string rate(std::size_t done, double seconds, std::string_view things) {
  const double per_second = static_cast<double>(done) / std::max(seconds, 1e-3);
  return fmt::format("{:.{}f} {}/s", per_second, per_second < 10 ? 2 : 0, things);
}

}  // namespace

std::string duration_text(double seconds) {
  const auto whole = static_cast<long long>(std::ceil(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

std::string progress_line(std::size_t done, std::optional<std::size_t> total, std::size_t failed,
                          double seconds, std::size_t columns, std::string_view things) {
  std::string line;
  if (total) {
    const double share = static_cast<double>(done) / std::max(static_cast<double>(*total), 1.0);
    line = fmt::format("[{}] {}/{}", progress_bar(share), done, *total);
  } else {
    line = fmt::format("{} done", done);
  }
  if (done > 0) line += "  " + rate(done, seconds, things);
  if (total && done > 0 && done < *total) {
    const double per_image = seconds / static_cast<double>(done);
    line += ", " + duration_text(per_image * static_cast<double>(*total - done)) + " left";
  }
  if (failed > 0) line += fmt::format(", {} failed", failed);
  // One short of the width: a character in the last column makes some terminals wrap.
  if (line.size() >= columns) line.resize(columns > 0 ? columns - 1 : 0);
  return line;
}

std::string progress_bar(double share) {
  const auto filled =
      static_cast<std::size_t>(static_cast<double>(kBarWidth) * std::clamp(share, 0.0, 1.0));
  return std::string(filled, '#') + std::string(kBarWidth - filled, '.');
}

std::size_t terminal_columns() {
  winsize size = {};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return kUsualColumns;
}

bool terminal_shows_progress() {
  const char* terminal = std::getenv("TERM");
  return isatty(STDERR_FILENO) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

Progress::Progress(bool enabled, std::optional<std::size_t> total, std::string_view things)
    : enabled_(enabled), total_(total), things_(things) {}

double Progress::elapsed_seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void Progress::clear() {
  if (!visible_) return;
  write_to_stderr(kEraseLine);
  visible_ = false;
}

void Progress::draw(std::size_t done, std::size_t failed) {
  if (!enabled_) return;
  write_to_stderr(std::string(kEraseLine) + progress_line(done, total_, failed, elapsed_seconds(),
                                                          terminal_columns(), things_));
  visible_ = true;
}

void Progress::finish(std::size_t done, std::size_t failed) {
  if (!enabled_) return;
  clear();
  const double seconds = elapsed_seconds();
  std::string line = fmt::format("{} {} in {} ({})", done, things_, duration_text(seconds),
                                 rate(done, seconds, things_));
  if (failed > 0) line += fmt::format(", {} failed", failed);
  write_to_stderr(line + "\n");
}

}  // namespace blip::cli
