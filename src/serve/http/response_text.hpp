// A response as the bytes of HTTP/1.
#pragma once

#include <string>
#include <string_view>

#include "serve/http/message.hpp"

namespace blip::serve {

struct ResponseFraming {
  bool keeps_alive = true;
  bool is_http_1_1 = true;
  bool chunked = false;         ///< instead of Content-Length
  bool without_length = false;  ///< the connection's end is the body's
};

[[nodiscard]] std::string_view reason_of(int status);

/// Status line and header, the empty line included. Characters that would end a line are left out.
[[nodiscard]] std::string response_head(const HttpResponse& response,
                                        const ResponseFraming& framing);

/// `text` as a chunk; nothing of nothing, which would be the last one.
[[nodiscard]] std::string chunk_of(std::string_view text);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace blip::serve
