#include "core/json_text.hpp"

#include <algorithm>
#include <cstddef>

#include "blip/error.hpp"

namespace blip {

void throw_json_error(std::string_view text, const std::string& name, std::size_t byte,
                      const std::string& reason) {
  const std::string_view before = text.substr(0, byte > 0 ? byte - 1 : 0);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n');
  const std::size_t column =
      before.size() - (line_start == std::string_view::npos ? 0 : line_start + 1) + 1;
  throw Error(ErrorCode::malformed, name + ": not valid JSON at line " + std::to_string(line) +
                                        ", column " + std::to_string(column) + " (byte " +
                                        std::to_string(byte) + "): " + reason);
}

std::string json_error_reason(const nlohmann::json::exception& error) {
  // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while parsing
  // value - invalid literal; last read: '…'; expected …": the position is stated anew, and what was
  // last read may be megabytes.
  std::string_view reason = error.what();
  if (const std::size_t bracket = reason.find("] "); bracket != std::string_view::npos) {
    reason.remove_prefix(bracket + 2);
  }
  if (reason.starts_with("parse error")) {
    if (const std::size_t colon = reason.find(": "); colon != std::string_view::npos) {
      reason.remove_prefix(colon + 2);
    }
  }
  reason = reason.substr(0, reason.find("; last read"));
  constexpr std::size_t kMaxBytes = 120;
  return std::string(reason.substr(0, kMaxBytes));
}

nlohmann::json parse_json(std::string_view text, const std::string& name, JsonLimits limits) {
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    throw_json_error(text, name, nul + 1, "NUL byte");
  }
  std::size_t num_values = 0;
  const auto within_limits = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    if (depth > limits.depth) {
      throw Error(ErrorCode::malformed,
                  name + ": JSON nested deeper than " + std::to_string(limits.depth) + " levels");
    }
    if (++num_values > limits.values) {
      throw Error(ErrorCode::malformed,
                  name + ": JSON of more than " + std::to_string(limits.values) + " values");
    }
    return true;
  };
  try {
    return nlohmann::json::parse(text.begin(), text.end(), within_limits);
  } catch (const nlohmann::json::parse_error& error) {
    throw_json_error(text, name, error.byte, json_error_reason(error));
  } catch (const nlohmann::json::exception& error) {  // a number beyond double
    throw Error(ErrorCode::malformed, name + ": not valid JSON: " + json_error_reason(error));
  }
}

nlohmann::json parse_json_object(std::string_view text, const std::string& name,
                                 JsonLimits limits) {
  nlohmann::json document = parse_json(text, name, limits);
  if (!document.is_object()) {
    throw Error(ErrorCode::malformed,
                name + ": expected a JSON object, found " + std::string(document.type_name()));
  }
  return document;
}

}  // namespace blip
