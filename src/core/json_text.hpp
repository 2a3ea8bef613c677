// JSON text from a file that nobody vouches for: parsed within limits, failures as blip::Error.
#pragma once

#include <cstddef>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace blip {

/// Nesting allowed in any JSON file; serde_json, which Hugging Face reads safetensors and
/// tokenizers with, has the same limit.
inline constexpr int kMaxJsonDepth = 128;

/// Throws malformed: "NAME: not valid JSON at line L, column C (byte B): REASON", one line.
/// `byte` counts from 1, as nlohmann's exceptions do.
[[noreturn]] void throw_json_error(std::string_view text, const std::string& name, std::size_t byte,
                                   const std::string& reason);

/// What nlohmann says, without its prefix and without the file's bytes.
std::string json_error_reason(const nlohmann::json::exception& error);

/// Feeds `text` to a SAX handler whose parse_error throws. Refuses what nlohmann lets pass and the
/// JSON grammar does not: a NUL byte, which it takes for the end of the text.
template <typename Handler>
void parse_json_events(std::string_view text, const std::string& name, Handler& handler) {
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    throw_json_error(text, name, nul + 1, "NUL byte");
  }
  nlohmann::json::sax_parse(text.begin(), text.end(), &handler);
}

/// How much of a document is read before it is refused.
struct JsonLimits {
  int depth = kMaxJsonDepth;
  /// Keys, values and lists together. A value takes memory that is many times its text.
  std::size_t values = std::numeric_limits<std::size_t>::max();
};

/// Any JSON value, whole; of a key that repeats, the last value counts. Throws malformed if the
/// text is anything else, or beyond the limits.
nlohmann::json parse_json(std::string_view text, const std::string& name, JsonLimits limits = {});

/// A JSON object, whole; of a key that repeats, the last value counts (as in Python's json).
/// Throws malformed if the text is anything else.
nlohmann::json parse_json_object(std::string_view text, const std::string& name,
                                 JsonLimits limits = {});

}  // namespace blip
