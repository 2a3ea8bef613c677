// Times and identifiers as clients expect them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace blip::serve {

/// "2026-11-29T22:05:42.123456Z", in ISO 8601 and RFC 3339 both.
std::string iso_time(std::chrono::system_clock::time_point time);

/// Seconds since 1970.
std::int64_t unix_seconds(std::chrono::system_clock::time_point time);

/// A UUID (version 8, RFC 9562) that stands for a request: the same one for the same request id.
std::string uuid_of(std::string_view request_id);

}  // namespace blip::serve
