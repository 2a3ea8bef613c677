// The target of a request line: path and query, percent-decoded.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace blip::serve {

struct Target {
  std::string path = "/";
  std::vector<std::pair<std::string, std::string>> query = {};
};

/// Fields of a query or of a form in x-www-form-urlencoded, at most this many.
inline constexpr std::size_t kMaxQueryFields = 256;

/// Nothing if a '%' is not followed by two hexadecimal digits, or stands for NUL.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space);

/// "a=1&b=x%20y" → fields, a name without '=' having an empty value. Throws HttpError 400.
std::vector<std::pair<std::string, std::string>> parse_query(std::string_view text);

/// "/path?query", "http://host/path?query" or "*". Throws HttpError 400.
Target parse_target(std::string_view text);

}  // namespace blip::serve
