// JsonFields: typed, checked access to the fields of one object of a configuration file.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "blip/error.hpp"

namespace blip {

/// Refers to an object that must outlive it. A field that is absent or null has no value; one of
/// the wrong type or out of range throws malformed, naming the file and the field.
class JsonFields {
 public:
  struct IntRange {
    std::int64_t min;
    std::int64_t max;
  };
  struct FloatRange {
    double min;
    double max;
  };

  /// `where` stands for the object in messages: the file, for the outermost one.
  JsonFields(const nlohmann::json& object, std::string where);

  [[nodiscard]] std::optional<int> integer(const char* key, IntRange range) const;
  /// Whole numbers count as well.
  [[nodiscard]] std::optional<double> number(const char* key, FloatRange range) const;
  [[nodiscard]] std::optional<bool> boolean(const char* key) const;
  [[nodiscard]] std::optional<std::string> string(const char* key) const;
  [[nodiscard]] bool is_null(const char* key) const;
  /// The value if there is one; null otherwise.
  [[nodiscard]] const nlohmann::json* find(const char* key) const;
  /// An object inside this one.
  [[nodiscard]] std::optional<JsonFields> object(const char* key) const;

  /// A value found with find(), or inside it, as integer() would take it.
  [[nodiscard]] int as_integer(const nlohmann::json& value, const char* key, IntRange range) const;
  [[nodiscard]] double as_number(const nlohmann::json& value, const char* key,
                                 FloatRange range) const;

  /// Throws "FILE: KEY PROBLEM".
  [[noreturn]] void fail(const char* key, const std::string& problem,
                         ErrorCode code = ErrorCode::malformed) const;

 private:
  const nlohmann::json* object_;
  std::string where_;
};

/// A value in few words, for messages: "null", "text \"abc\"", "12", "a list".
std::string describe(const nlohmann::json& value);

}  // namespace blip
