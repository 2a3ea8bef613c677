// Names of requests: X-Request-Id, and traceparent of W3C Trace Context.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace blip::serve {

/// Random bytes as hexadecimal digits.
[[nodiscard]] std::string random_hex(std::size_t bytes);

/// `given` if it is of at most 64 of [A-Za-z0-9._-], else one of our own.
[[nodiscard]] std::string request_id_of(std::string_view given);

struct Trace {
  std::string id;        ///< 32 digits
  std::string response;  ///< a traceparent whose span is the server's
};
/// Nothing if `traceparent` is none.
[[nodiscard]] std::optional<Trace> trace_of(std::string_view traceparent);

}  // namespace blip::serve
