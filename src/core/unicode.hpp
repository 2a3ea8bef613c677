// UTF-8 and the few questions about code points that the normalisation of texts asks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/unicode_data.hpp"

namespace blip {

inline constexpr char32_t kReplacementCharacter = 0xFFFD;

struct DecodedCharacter {
  char32_t code_point = 0;
  std::size_t length = 0;  ///< bytes consumed, at least 1
  bool valid = true;
};

/// The character at the start of `text`, which must not be empty. An ill-formed sequence yields
/// U+FFFD for its longest prefix that could have begun a character (Unicode 15, section 3.9,
/// "maximal subpart"), as Python's errors="replace" and Rust's from_utf8_lossy do.
[[nodiscard]] DecodedCharacter decode_utf8(std::string_view text) noexcept;

void append_utf8(char32_t code_point, std::string& out);

[[nodiscard]] bool is_valid_utf8(std::string_view text) noexcept;
/// `text` with every ill-formed sequence replaced by U+FFFD.
[[nodiscard]] std::string replace_invalid_utf8(std::string_view text);

/// kRemoved, kWhitespace, … of unicode_data.hpp, together.
[[nodiscard]] std::uint16_t properties_of(char32_t code_point) noexcept;

/// Python's str.isspace, which str.strip goes by: four separators more than Unicode's White_Space.
[[nodiscard]] bool is_python_space(char32_t code_point) noexcept;

/// Appends the lower case of one character (two code points for U+0130).
void append_lowercase(char32_t code_point, std::string& out);

/// Longest canonical decomposition of one character, Unicode's limit with room to spare.
inline constexpr std::size_t kMaxDecomposition = 8;
/// Full canonical decomposition of a character that kDecomposes: how many code points were written.
std::size_t decompose(char32_t code_point, std::span<char32_t, kMaxDecomposition> out) noexcept;
/// Canonical combining class of a character that kReorders.
[[nodiscard]] int combining_class(char32_t code_point) noexcept;

}  // namespace blip
