// JSON bodies of requests: strict JSON within limits, tolerant about what is in it. A field that no
// dialect knows is no error, one that is null counts as absent.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json_fields.hpp"
#include "serve/http/message.hpp"

namespace blip::serve {

/// Of a body. The texts of the largest requests, lists to embed, are far below.
inline constexpr int kMaxRequestDepth = 64;
inline constexpr std::size_t kMaxRequestValues = 200'000;
/// Texts in one request: labels, tags, answers, sentences.
inline constexpr std::size_t kMaxTexts = 4096;

/// What stands for the body in messages: "request: temperature must be a number, …".
inline constexpr const char* kRequestName = "request";

/// The body as a JSON object, whatever its content type (curl -d posts JSON as a form). Throws
/// malformed if it is none, or beyond the limits.
nlohmann::json request_object(const HttpRequest& request);

/// A whole number, written as 20 or 20.0: some clients know only floating point numbers.
std::optional<int> whole_number(const JsonFields& fields, const char* key,
                                JsonFields::IntRange range);

/// One text, or a list of up to kMaxTexts: all as a list. Nothing if the field is absent.
std::optional<std::vector<std::string>> text_list(const JsonFields& fields, const char* key);

/// JSON in one line. What is not UTF-8 (a name from a query) becomes U+FFFD.
std::string json_text_of(const nlohmann::ordered_json& value);

}  // namespace blip::serve
