// HttpLimits: what one client may take of the server, and for how long.
#pragma once

#include <chrono>
#include <cstddef>

namespace blip::serve {

struct HttpLimits {
  std::size_t body_bytes = std::size_t{64} << 20;  ///< of a request, also when it is unpacked
  /// Of all requests that are being received, together: a thousand slow uploads do not fill the
  /// memory.
  std::size_t buffered_bytes = std::size_t{1} << 30;
  std::size_t header_bytes = std::size_t{16} << 10;
  std::size_t url_bytes = std::size_t{8} << 10;
  std::chrono::milliseconds header_time = std::chrono::seconds(10);  ///< from the first byte
  std::size_t body_rate = 1024;  ///< bytes a second, on average, after the first five seconds
  std::chrono::milliseconds body_time = std::chrono::seconds(120);
  std::chrono::milliseconds idle_time = std::chrono::seconds(60);        ///< between two requests
  std::chrono::milliseconds write_time = std::chrono::seconds(30);       ///< without a byte taken
  std::chrono::milliseconds keep_alive_time = std::chrono::seconds(15);  ///< of a silent stream
  /// Bytes of a stream that its reader has not taken yet.
  std::size_t unread_bytes = std::size_t{1} << 20;
  std::size_t connections = 16'384;
  std::size_t connections_per_address = 1024;  ///< this machine's own are not counted
};

}  // namespace blip::serve
