// Log: one JSON object a line, or a line for people. Written by a thread of its own, so that a full
// pipe stops nobody.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace blip::serve {

enum class LogFormat { json, text, off };

/// What is logged of a request: no picture, no prompt, no key.
struct RequestLog {
  std::string request_id;
  std::string trace_id;
  std::string method;
  std::string route;  ///< a path of ours, empty for a path that nobody knows
  std::string api;
  std::string task;
  std::string model;
  int status = 0;
  double milliseconds = 0;
  double queue_milliseconds = 0;
  std::size_t bytes_in = 0;
  std::size_t images = 0;
};

class Log {
 public:
  using Sink = std::function<void(std::string_view line)>;

  /// `sink` is standard error if it is empty.
  explicit Log(LogFormat format, Sink sink = {});
  /// Writes what there is.
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void request(const RequestLog& request);
  /// `level`: "info", "warning", "error". Also if the format is off, unless it is "info".
  void message(std::string_view level, std::string_view text);

 private:
  // Adds what `line` makes; without memory for it, a line is dropped.
  template <typename Line>
  void add(const Line& line);
  void write_lines(const std::stop_token& stop);

  LogFormat format_;
  Sink sink_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<std::string> lines_;
  std::size_t dropped_ = 0;
  std::jthread thread_;
};

}  // namespace blip::serve
