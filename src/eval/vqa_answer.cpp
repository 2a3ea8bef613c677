#include "eval/vqa_answer.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "core/unicode.hpp"
#include "eval/ptb_characters.hpp"
#include "eval/python_text.hpp"
#include "eval/vqa_words.hpp"

namespace blip::eval {
namespace {

bool digit_ends(std::string_view text) {
  if (text.empty()) return false;
  std::size_t start = text.size() - 1;
  // The bytes inside a character are 10xxxxxx.
  while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xC0U) == 0x80U) --start;
  return is_digit(decode_utf8(text.substr(start)).code_point);
}

bool digit_begins(std::string_view text) {
  return !text.empty() && is_digit(decode_utf8(text).code_point);
}

bool has_comma_between_digits(std::string_view text) {
  for (std::size_t comma = text.find(','); comma != std::string_view::npos;
       comma = text.find(',', comma + 1)) {
    if (digit_ends(text.substr(0, comma)) && digit_begins(text.substr(comma + 1))) return true;
  }
  return false;
}

bool has_blank_beside(std::string_view text, char c) {
  for (std::size_t i = text.find(c); i != std::string_view::npos; i = text.find(c, i + 1)) {
    if ((i > 0 && text[i - 1] == ' ') || (i + 1 < text.size() && text[i + 1] == ' ')) return true;
  }
  return false;
}

std::string without_dots(std::string_view text) {
  std::size_t may_go = 32;
  std::string kept;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '.' && may_go > 0 && !digit_begins(text.substr(i + 1))) {
      --may_go;
    } else {
      kept += text[i];
    }
  }
  return kept;
}

}  // namespace

std::string stripped_answer(std::string_view answer) {
  std::string text(answer);
  std::replace(text.begin(), text.end(), '\n', ' ');
  std::replace(text.begin(), text.end(), '\t', ' ');
  return std::string(stripped(text));
}

std::string without_punctuation(std::string_view answer) {
  constexpr std::string_view kPunctuation = ";/[]\"{}()=+\\_-><@`,?!";
  const bool always_deleted = has_comma_between_digits(answer);
  std::string text(answer);
  for (const char mark : kPunctuation) {
    if (always_deleted || has_blank_beside(answer, mark)) {
      std::erase(text, mark);
    } else {
      std::replace(text.begin(), text.end(), mark, ' ');
    }
  }
  return without_dots(text);
}

std::string with_plain_words(std::string_view answer) {
  std::string lower;
  for (const char32_t c : code_points_of(answer)) append_lowercase(c, lower);
  std::string text;
  for (const std::string_view word : split_words(lower)) {
    const std::string_view plain = digit_of(word);
    if (plain == "a" || plain == "an" || plain == "the") continue;
    if (!text.empty()) text += ' ';
    text += contraction_of(plain);
  }
  return text;
}

}  // namespace blip::eval
