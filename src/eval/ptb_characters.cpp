#include "eval/ptb_characters.hpp"

#include <utf8proc.h>

#include "core/unicode.hpp"

namespace blip::eval {
namespace {

utf8proc_category_t category_of(char32_t c) noexcept {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

bool is_ascii_letter(char32_t c) noexcept {
  return (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z');
}

}  // namespace

std::u32string code_points_of(std::string_view utf8) {
  std::u32string text;
  text.reserve(utf8.size());
  while (!utf8.empty()) {
    const DecodedCharacter character = decode_utf8(utf8);
    text.push_back(character.code_point);
    utf8.remove_prefix(character.length);
  }
  return text;
}

std::string lowercase_utf8(std::u32string_view text) {
  std::string lower;
  lower.reserve(text.size());
  for (const char32_t c : text) append_lowercase(c, lower);
  return lower;
}

bool is_letter(char32_t c) noexcept {
  if (c < 0x80) return is_ascii_letter(c);
  const utf8proc_category_t category = category_of(c);
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_ME;
}

bool is_digit(char32_t c) noexcept {
  if (c < 0x80) return c >= U'0' && c <= U'9';
  return category_of(c) == UTF8PROC_CATEGORY_ND;
}

bool is_word_character(char32_t c) noexcept {
  return c == U'_' || is_letter(c) || is_digit(c);
}

bool is_blank(char32_t c) noexcept {
  if (c == U'\n') return false;
  if (c < 0x80) return c == U' ' || (c >= U'\t' && c <= U'\r');
  return category_of(c) == UTF8PROC_CATEGORY_ZS;
}

bool is_apostrophe(char32_t c) noexcept {
  return c == U'\'' || c == U'\x2019';
}

bool is_capital(char32_t c) noexcept {
  if (c < 0x80) return c >= U'A' && c <= U'Z';
  return category_of(c) == UTF8PROC_CATEGORY_LU;
}

char32_t at(std::u32string_view text, std::size_t at) noexcept {
  return at < text.size() ? text[at] : U'\0';
}

}  // namespace blip::eval
