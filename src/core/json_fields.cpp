#include "core/json_fields.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/in_quotes.hpp"

namespace blip {
namespace {

std::string number_text(double value) {
  return nlohmann::json(value).dump();
}

}  // namespace

std::string describe(const nlohmann::json& value) {
  if (value.is_string()) return "text " + in_quotes(value.get_ref<const std::string&>());
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  return value.dump();  // null, true, false or a number
}

JsonFields::JsonFields(const nlohmann::json& object, std::string where)
    : object_(&object), where_(std::move(where)) {}

void JsonFields::fail(const char* key, const std::string& problem, ErrorCode code) const {
  throw Error(code, where_ + ": " + key + ' ' + problem);
}

bool JsonFields::is_null(const char* key) const {
  const auto found = object_->find(key);
  return found != object_->end() && found->is_null();
}

const nlohmann::json* JsonFields::find(const char* key) const {
  const auto found = object_->find(key);
  return found == object_->end() || found->is_null() ? nullptr : &*found;
}

int JsonFields::as_integer(const nlohmann::json& value, const char* key, IntRange range) const {
  if (!value.is_number_integer()) fail(key, "must be a whole number, not " + describe(value));
  // Unsigned values beyond int64 would wrap when read as signed.
  const bool fits = !value.is_number_unsigned() ||
                    value.get<std::uint64_t>() <= static_cast<std::uint64_t>(range.max);
  const auto number = value.get<std::int64_t>();
  if (!fits || number < range.min || number > range.max) {
    fail(key, "must be " + std::to_string(range.min) + " to " + std::to_string(range.max) +
                  ", not " + value.dump());
  }
  return static_cast<int>(number);
}

double JsonFields::as_number(const nlohmann::json& value, const char* key, FloatRange range) const {
  if (!value.is_number()) fail(key, "must be a number, not " + describe(value));
  const auto number = value.get<double>();
  if (!(number >= range.min && number <= range.max)) {
    fail(key, "must be " + number_text(range.min) + " to " + number_text(range.max) + ", not " +
                  value.dump());
  }
  return number;
}

std::optional<int> JsonFields::integer(const char* key, IntRange range) const {
  const nlohmann::json* value = find(key);
  if (value == nullptr) return std::nullopt;
  return as_integer(*value, key, range);
}

std::optional<double> JsonFields::number(const char* key, FloatRange range) const {
  const nlohmann::json* value = find(key);
  if (value == nullptr) return std::nullopt;
  return as_number(*value, key, range);
}

std::optional<bool> JsonFields::boolean(const char* key) const {
  const nlohmann::json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_boolean()) fail(key, "must be true or false, not " + describe(*value));
  return value->get<bool>();
}

std::optional<std::string> JsonFields::string(const char* key) const {
  const nlohmann::json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) fail(key, "must be text, not " + describe(*value));
  return value->get<std::string>();
}

std::optional<JsonFields> JsonFields::object(const char* key) const {
  const nlohmann::json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_object()) fail(key, "must be an object, not " + describe(*value));
  return JsonFields(*value, where_ + ": " + key);
}

}  // namespace blip
