#include "eval/python_text.hpp"

#include "core/unicode.hpp"

namespace blip::eval {
namespace {

// str.isspace(): bidirectional type B, S or WS, or category Zs.
bool is_space(char32_t c) noexcept {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

}  // namespace

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size();) {
    const DecodedCharacter character = decode_utf8(text.substr(i));
    if (is_space(character.code_point)) {
      if (i > start) words.push_back(text.substr(start, i - start));
      start = i + character.length;
    }
    i += character.length;
  }
  if (text.size() > start) words.push_back(text.substr(start));
  return words;
}

std::vector<std::string_view> split_at_blanks(std::string_view text) {
  std::vector<std::string_view> pieces;
  for (std::size_t blank = text.find(' '); blank != std::string_view::npos;
       blank = text.find(' ')) {
    pieces.push_back(text.substr(0, blank));
    text.remove_prefix(blank + 1);
  }
  pieces.push_back(text);
  return pieces;
}

std::string_view stripped(std::string_view text) {
  const std::vector<std::string_view> words = split_words(text);
  if (words.empty()) return {};
  const auto begin = static_cast<std::size_t>(words.front().data() - text.data());
  const auto end =
      static_cast<std::size_t>(words.back().data() - text.data()) + words.back().size();
  return text.substr(begin, end - begin);
}

}  // namespace blip::eval
