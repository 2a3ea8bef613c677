#include "cli/input/model_download.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "checkpoint/model_directory.hpp"
#include "cli/output/console.hpp"
#include "cli/output/progress.hpp"

namespace blip::cli {

std::string human_bytes(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double amount = static_cast<double>(bytes) / 1000;
  for (const char unit : {'k', 'M', 'G'}) {
    if (amount < 999.95) return fmt::format("{:.1f} {}B", amount, unit);
    amount /= 1000;
  }
  return fmt::format("{:.1f} TB", amount);
}

std::string download_line(std::string_view file, std::uint64_t received,
                          std::optional<std::uint64_t> total, std::size_t columns) {
  std::string line = printable(file) + "  " + human_bytes(received);
  if (total) {
    const std::uint64_t whole = std::max<std::uint64_t>(*total, 1);
    const double share =
        static_cast<double>(std::min(received, whole)) / static_cast<double>(whole);
    line = fmt::format("[{}] {:3.0f} %  {} of {}", progress_bar(share), 100 * share, line,
                       human_bytes(*total));
  }
  if (line.size() >= columns) line.resize(columns > 0 ? columns - 1 : 0);
  return line;
}

DownloadLine::DownloadLine(bool enabled) : enabled_(enabled && terminal_shows_progress()) {}

DownloadLine::~DownloadLine() {
  if (visible_) write_to_stderr(kEraseLine);
}

bool DownloadLine::show(std::string_view file, std::uint64_t received,
                        std::optional<std::uint64_t> total) {
  constexpr std::chrono::milliseconds kInterval{100};  // more often, nobody sees it
  const auto now = std::chrono::steady_clock::now();
  const bool whole = total && received == *total;
  if (!enabled_ || (visible_ && !whole && now - drawn_ < kInterval)) return true;
  drawn_ = now;
  visible_ = true;
  // The cursor goes back: whatever is printed when a signal ends the program begins there.
  write_to_stderr(std::string(kEraseLine) +
                  download_line(file, received, total, terminal_columns()) + "\r");
  return true;
}

std::filesystem::path find_model(const std::string& name, bool quiet) {
  DownloadLine line(!quiet);
  return resolve_model(name, [&line](std::string_view file, std::uint64_t received,
                                     std::optional<std::uint64_t> total) {
    return line.show(file, received, total);
  });
}

app::ModelOptions find_model(const ModelOptions& model, app::PictureOptions pictures, bool quiet) {
  pictures.image_size = model.image_size;
  return {.model = find_model(model.name, quiet),
          .weight_type = model.weight_type,
          .pictures = pictures,
          .processor = model.processor.empty() ? "" : find_model(model.processor, quiet)};
}

}  // namespace blip::cli
