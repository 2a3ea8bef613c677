// NamePattern: a regular expression of Python's, for the names of a model's parts.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace blip {

/// Immutable; copies share the compiled expression. PCRE2 stands in for Python's `re`: what both
/// understand, both match alike. It is held to limits, so that an expression from a hostile file
/// ends soon.
class NamePattern {
 public:
  /// `where` stands for the expression in messages ("FILE: target_modules"). Throws malformed for
  /// one that cannot be compiled, limit_exceeded for a very long one.
  NamePattern(const std::string& expression, std::string where);

  // All throw limit_exceeded if matching takes too long.

  /// As `re.fullmatch`.
  [[nodiscard]] bool matches_all_of(std::string_view name) const;
  /// As `re.match`: from the beginning, not necessarily to the end.
  [[nodiscard]] bool matches_start_of(std::string_view name) const;
  /// What the group `group` matches by matches_start_of; nothing if it does not match.
  [[nodiscard]] std::optional<std::string> captured(std::string_view name, const char* group) const;

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace blip
