#include "serve/operations/log.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <new>
#include <nlohmann/json.hpp>
#include <utility>

namespace blip::serve {
namespace {

// Lines that wait to be written; what comes above is counted instead.
constexpr std::size_t kMaxWaitingLines = 10'000;

std::string timestamp() {
  const auto now = std::chrono::system_clock::now();
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(now)), milliseconds);
}

std::string as_line(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

double rounded(double milliseconds) {
  return std::round(milliseconds * 1000) / 1000;
}

// "Not now" (503) is what an operator set the limits for.
std::string_view level_of(int status) {
  if (status < 500) return "info";
  return status == 503 ? "warning" : "error";
}

std::string printable_line(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  return line;
}

void write_to_standard_error(std::string_view line) {
  while (!line.empty()) {
    const ssize_t count = write(STDERR_FILENO, line.data(), line.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    line.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string text_of(const RequestLog& request) {
  return printable_line(fmt::format(
             "{} {} {} {} {:.1f} ms", timestamp(), request.status, request.method,
             request.route.empty() ? "(unknown)" : request.route, request.milliseconds)) +
         "\n";
}

std::string json_of(const RequestLog& request) {
  nlohmann::ordered_json json = {{"ts", timestamp()},
                                 {"level", level_of(request.status)},
                                 {"msg", "request"},
                                 {"request_id", request.request_id},
                                 {"method", request.method},
                                 {"route", request.route},
                                 {"api", request.api},
                                 {"status", request.status},
                                 {"dur_ms", rounded(request.milliseconds)},
                                 {"bytes_in", request.bytes_in}};
  if (!request.trace_id.empty()) json["trace_id"] = request.trace_id;
  if (!request.task.empty()) {
    json["task"] = request.task;
    json["model"] = request.model;
    json["queue_ms"] = rounded(request.queue_milliseconds);
    json["images"] = request.images;
  }
  return as_line(json);
}

}  // namespace

Log::Log(LogFormat format, Sink sink)
    : format_(format),
      sink_(sink ? std::move(sink) : write_to_standard_error),
      thread_([this](const std::stop_token& stop) { write_lines(stop); }) {}

Log::~Log() {
  thread_.request_stop();
  thread_.join();
}

template <typename Line>
void Log::add(const Line& line) {
  std::string made;
  try {
    made = line();
  } catch (const std::bad_alloc&) {
    // Counted below.
  }
  const std::lock_guard lock(mutex_);
  bool is_added = false;
  try {
    if (!made.empty() && lines_.size() < kMaxWaitingLines) {
      lines_.push_back(std::move(made));
      is_added = true;
    }
  } catch (const std::bad_alloc&) {
    // The same.
  }
  if (!is_added) ++dropped_;
  changed_.notify_one();
}

void Log::request(const RequestLog& request) {
  if (format_ == LogFormat::off) return;
  add([&] { return format_ == LogFormat::text ? text_of(request) : json_of(request); });
}

void Log::message(std::string_view level, std::string_view text) {
  if (format_ == LogFormat::off && level == "info") return;
  add([&] {
    return format_ == LogFormat::json
               ? as_line({{"ts", timestamp()}, {"level", level}, {"msg", text}})
               : "blip: " + printable_line(text) + "\n";
  });
}

void Log::write_lines(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, stop, [this] { return !lines_.empty(); });
    if (lines_.empty()) return;  // and asked to stop
    const std::vector<std::string> lines = std::exchange(lines_, {});
    const std::size_t dropped = std::exchange(dropped_, 0);
    lock.unlock();
    for (const std::string& line : lines) sink_(line);
    if (dropped > 0) {  // for want of memory, too: none is taken here
      std::array<char, 64> text = {};
      const auto end = fmt::format_to_n(text.data(), text.size(),
                                        "blip: {} lines of the log were dropped\n", dropped);
      sink_({text.data(), end.size});
    }
    lock.lock();
  }
}

}  // namespace blip::serve
