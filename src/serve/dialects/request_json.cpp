#include "serve/dialects/request_json.hpp"

#include <cmath>
#include <cstdint>

#include "core/json_text.hpp"

namespace blip::serve {

nlohmann::json request_object(const HttpRequest& request) {
  return parse_json_object(*request.body, kRequestName,
                           {.depth = kMaxRequestDepth, .values = kMaxRequestValues});
}

std::optional<int> whole_number(const JsonFields& fields, const char* key,
                                JsonFields::IntRange range) {
  const nlohmann::json* value = fields.find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_number_float()) {
    const auto number = value->get<double>();
    // Beyond 2^53 not every whole number is a double.
    if (std::trunc(number) == number && std::abs(number) < 9007199254740992.0) {
      return fields.as_integer(nlohmann::json(static_cast<std::int64_t>(number)), key, range);
    }
  }
  return fields.as_integer(*value, key, range);
}

std::optional<std::vector<std::string>> text_list(const JsonFields& fields, const char* key) {
  const nlohmann::json* value = fields.find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return std::vector{value->get<std::string>()};
  if (!value->is_array()) fields.fail(key, "must be text or a list, not " + describe(*value));
  if (value->size() > kMaxTexts) {
    fields.fail(key, "has more than " + std::to_string(kMaxTexts) + " texts",
                ErrorCode::limit_exceeded);
  }
  std::vector<std::string> texts;
  for (const auto& text : *value) {
    if (!text.is_string()) fields.fail(key, "must be a list of texts, not of " + describe(text));
    texts.push_back(text.get<std::string>());
  }
  return texts;
}

std::string json_text_of(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace blip::serve
