// Progress: the line on a terminal that says how far a long run is.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace blip::cli {

/// Not synchronised; its owner is.
class Progress {
 public:
  /// Draws nothing unless `enabled`. `total` is unknown while a list is still being read.
  Progress(bool enabled, std::optional<std::size_t> total, std::string_view things = "images");

  /// Takes the line away, so that something else can be printed; the next `draw` brings it back.
  void clear();
  void draw(std::size_t done, std::size_t failed);
  /// Replaces the line by a summary that stays.
  void finish(std::size_t done, std::size_t failed);

 private:
  [[nodiscard]] double elapsed_seconds() const;

  bool enabled_;
  std::optional<std::size_t> total_;
  std::string things_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  bool visible_ = false;
};

/// "[###.....] 37/1200  4.20 images/s, 4 min 37 s left, 1 failed", shorter than `columns`. Exposed
/// for its tests.
std::string progress_line(std::size_t done, std::optional<std::size_t> total, std::size_t failed,
                          double seconds, std::size_t columns, std::string_view things = "images");

/// "42 s", "4 min 37 s", "3 h 05 min".
std::string duration_text(double seconds);

/// Whether stderr is a terminal that can rewrite a line, how wide it is, and what empties the line.
bool terminal_shows_progress();
std::size_t terminal_columns();
inline constexpr std::string_view kEraseLine = "\r\x1b[2K";

/// "####....", of which `share` (0 to 1) is filled.
std::string progress_bar(double share);

}  // namespace blip::cli
