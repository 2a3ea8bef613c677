// The records of files with results, references and annotations: JSON, or JSON lines.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace blip::eval {

/// The largest such file; VQA v2's annotations for training are 355 MB.
inline constexpr std::size_t kMaxResultBytes = std::size_t{1} << 29;
/// Of a caption or an answer; COCO's longest caption has 250.
inline constexpr std::size_t kMaxTextBytes = 10'000;

/// One JSON value; of JSON lines, the list of their objects. `name` stands for the file in
/// messages. Throws malformed.
nlohmann::json parse_json_or_lines(std::string_view text, const std::string& name);

/// One object of a list, and what it is called in messages: "FILE: record 3".
class Record {
 public:
  /// Throws malformed if `value` is no object.
  Record(const nlohmann::json& value, const std::string& name, std::size_t number);

  /// The value of the first of `keys` that is there and not null; null if none is.
  [[nodiscard]] const nlohmann::json* find(std::initializer_list<const char*> keys) const;
  /// A whole number or a text, as text; throws malformed if none of `keys` is there.
  [[nodiscard]] std::string id(std::initializer_list<const char*> keys) const;
  /// Throws malformed for anything but text, limit_exceeded for too long a one.
  [[nodiscard]] std::string text(const nlohmann::json& value, const char* what) const;
  /// A text, or a list of texts, or of objects that hold a text as `inner`.
  [[nodiscard]] std::vector<std::string> texts(const nlohmann::json& value, const char* what,
                                               const char* inner) const;
  /// A text that may be missing.
  [[nodiscard]] std::string optional_text(const char* key) const;

  [[noreturn]] void fail(const std::string& problem) const;

 private:
  const nlohmann::json* object_;
  std::string where_;
};

/// Files that do not belong together. Throws invalid_argument.
[[noreturn]] void throw_mismatch(const std::string& problem);

/// The objects of a list; throws malformed if `list` is none. They refer to it.
std::vector<Record> records_of(const nlohmann::json& list, const std::string& name);

}  // namespace blip::eval
