// What streams are written in: server-sent events, and JSON in lines.
#pragma once

#include <string>
#include <string_view>

#include "serve/http/message.hpp"

namespace blip::serve {

/// A comment, which clients skip: keeps a connection that proxies watch.
inline constexpr std::string_view kEventPing = ": ping\n\n";

/// `data` is one line. Without a name if `event` is empty.
inline std::string server_sent_event(std::string_view event, std::string_view data) {
  std::string text;
  if (!event.empty()) text.append("event: ").append(event).append("\n");
  return text.append("data: ").append(data).append("\n\n");
}

inline HttpHeaders event_stream_headers() {
  // X-Accel-Buffering: nginx passes events on at once.
  return {{"Content-Type", "text/event-stream"},
          {"Cache-Control", "no-cache"},
          {"X-Accel-Buffering", "no"}};
}

inline HttpHeaders json_lines_headers() {
  return {{"Content-Type", "application/x-ndjson"}, {"X-Accel-Buffering", "no"}};
}

}  // namespace blip::serve
