// trimmed: a text without the blanks around it.
#pragma once

#include <string_view>

namespace blip {

/// `text` from its first to its last character that is none of `blanks`; its end if there is none,
/// so that the result lies in `text` always.
constexpr std::string_view trimmed(std::string_view text, std::string_view blanks = " \t\r\n") {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return text.substr(text.size());
  return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

}  // namespace blip
