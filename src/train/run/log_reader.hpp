// Reads log.jsonl, the log of a run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace blip::train {

/// The largest log that is read: at 200 bytes a line, five million lines.
inline constexpr std::size_t kMaxLogBytes = std::size_t{1} << 30;

struct LogPoint {
  std::int64_t step = 0;
  double value = 0;
};
/// By the name of the value; "step", "epoch" and "time" are none. Steps rise.
using LogSeries = std::map<std::string, std::vector<LogPoint>>;

/// The finite values of a log. A last line that is not finished (the run is just writing it) is
/// left out, and so is what a later line repeats. Throws not_found, unreadable, limit_exceeded, or
/// malformed: "FILE: line N: …".
LogSeries read_log(const std::filesystem::path& file);

/// The lines of a log's `text` whose steps are not after `step`, without an unfinished last one.
/// `name` stands for the file in messages. Throws malformed.
std::string lines_up_to(const std::string& text, std::int64_t step, const std::string& name);

}  // namespace blip::train
