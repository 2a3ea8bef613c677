#include "blip/text_style.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "core/unicode.hpp"

namespace blip {
namespace {

using CodePoints = std::u32string;

// The only difference between Python's str.lower() and lower-casing letter by letter: a capital
// sigma at the end of a word, seen through what case ignores, becomes a final one.
// Unicode's Cased, but for characters that case also ignores: those are never asked about.
bool is_cased(char32_t c) {
  struct Range {
    char32_t first;
    char32_t last;
  };
  // Other_Uppercase and Other_Lowercase: numerals, circled and squared letters.
  constexpr std::array kOthers = {Range{0xAA, 0xAA},       Range{0xBA, 0xBA},
                                  Range{0x2160, 0x217F},   Range{0x24B6, 0x24E9},
                                  Range{0x1F130, 0x1F149}, Range{0x1F150, 0x1F169},
                                  Range{0x1F170, 0x1F189}};
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LL ||
         category == UTF8PROC_CATEGORY_LT ||
         std::any_of(kOthers.begin(), kOthers.end(),
                     [c](const Range& range) { return c >= range.first && c <= range.last; });
}

bool is_case_ignorable(char32_t c) {
  constexpr std::u32string_view kInsideWords =
      U"'.:\u00B7\u0387\u055F\u05F4\u2018\u2019\u2024"
      U"\u2027\uFE13\uFE52\uFE55\uFF07\uFF0E\uFF1A";
  if (kInsideWords.find(c) != std::u32string_view::npos) return true;
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
      return true;
    default:
      return false;
  }
}

bool ends_word(const CodePoints& text, std::size_t at) {
  const auto before =
      std::find_if_not(text.rbegin() + static_cast<std::ptrdiff_t>(text.size() - at), text.rend(),
                       is_case_ignorable);
  if (before == text.rend() || !is_cased(*before)) return false;
  const auto after = std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                                      text.end(), is_case_ignorable);
  return after == text.end() || !is_cased(*after);
}

// As Python's errors="surrogateescape" has them: a byte that is not UTF-8 is a code point that no
// UTF-8 stands for, so that it comes out as it went in.
constexpr char32_t kEscapedBytes = 0xDC00;

bool is_escaped_byte(char32_t c) {
  return c >= kEscapedBytes + 0x80 && c <= kEscapedBytes + 0xFF;
}

CodePoints decode(std::string_view text) {
  CodePoints points;
  while (!text.empty()) {
    const DecodedCharacter character = decode_utf8(text);
    if (character.valid) {
      points.push_back(character.code_point);
    } else {
      for (const char byte : text.substr(0, character.length)) {
        points.push_back(kEscapedBytes + static_cast<unsigned char>(byte));
      }
    }
    text.remove_prefix(character.length);
  }
  return points;
}

void append(char32_t c, std::string& out) {
  if (is_escaped_byte(c)) {
    out += static_cast<char>(c - kEscapedBytes);
  } else {
    append_utf8(c, out);
  }
}

// Python's str.lower().
CodePoints lowered(std::string_view text) {
  constexpr char32_t kCapitalSigma = 0x3A3;
  constexpr char32_t kFinalSigma = 0x3C2;
  const CodePoints points = decode(text);
  std::string lower;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (is_escaped_byte(points[i])) {
      append(points[i], lower);
    } else if (points[i] == kCapitalSigma && ends_word(points, i)) {
      append_utf8(kFinalSigma, lower);
    } else {
      append_lowercase(points[i], lower);
    }
  }
  return decode(lower);
}

// What both remove: the class [.!"()*#:;~] of the original's regular expression.
bool is_removed(char32_t c) {
  return std::u32string_view(U".!\"()*#:;~").find(c) != std::u32string_view::npos;
}

// Python's \s.
bool is_space(char32_t c) {
  constexpr std::u32string_view kSpaces =
      U" \t\n\v\f\r\u001C\u001D\u001E\u001F\u0085\u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005"
      U"\u2006\u2007\u2008\u2009\u200A\u2028\u2029\u202F\u205F\u3000";
  return kSpaces.find(c) != std::u32string_view::npos;
}

// The first words between single blanks; two blanks in a row have an empty word between them.
std::string first_words(const CodePoints& text, int max_words) {
  std::string out;
  int words = 1;
  for (const char32_t c : text) {
    if (c == U' ' && ++words > max_words) break;
    append(c, out);
  }
  return max_words > 0 ? out : std::string();
}

void strip_end(CodePoints& text, char32_t c) {
  while (!text.empty() && text.back() == c) text.pop_back();
}

}  // namespace

std::string pre_question(std::string_view question, int max_words) {
  CodePoints text = lowered(question);
  std::erase_if(text, is_removed);
  strip_end(text, U' ');
  return first_words(text, max_words);
}

std::string pre_caption(std::string_view caption, int max_words) {
  CodePoints marked = lowered(caption);
  std::replace_if(marked.begin(), marked.end(), is_removed, U' ');
  CodePoints text;
  for (std::size_t i = 0; i < marked.size();) {
    std::size_t end = i;
    while (end < marked.size() && is_space(marked[end])) ++end;
    const bool is_run = end - i >= 2;
    text.push_back(is_run ? U' ' : marked[i]);
    i = is_run ? end : i + 1;
  }
  strip_end(text, U'\n');
  strip_end(text, U' ');
  text.erase(0, std::min(text.find_first_not_of(U' '), text.size()));
  return first_words(text, max_words);
}

}  // namespace blip
