#include "eval/ptb_symbol_rules.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/unicode.hpp"
#include "eval/ptb_characters.hpp"

namespace blip::eval {
namespace {

using Text = std::u32string_view;

// How far a rule looks for the end of an address or tag, so that hostile text does not take the
// square of its length.
constexpr std::size_t kLongestAddress = 256;

bool is_one_of(char32_t c, Text characters) {
  return c != U'\0' && characters.find(c) != Text::npos;
}

bool begins_with(Text text, Text lower_case) {
  if (text.size() < lower_case.size()) return false;
  for (std::size_t i = 0; i < lower_case.size(); ++i) {
    const char32_t c = text[i];
    const char32_t lower = c >= U'A' && c <= U'Z' ? c - U'A' + U'a' : c;
    if (lower != lower_case[i]) return false;
  }
  return true;
}

bool opens_quote(char32_t next) {
  return next == U'$' || (next < 0x80 && (is_letter(next) || is_digit(next)));
}

std::size_t run_of(Text text, Text characters) {
  std::size_t length = 0;
  while (is_one_of(at(text, length), characters)) ++length;
  return length;
}

// Labels joined by dots: "x.com". At least two.
std::size_t host_length(Text text) {
  const auto in_label = [](char32_t c) { return is_letter(c) || is_digit(c) || c == U'-'; };
  std::size_t length = 0;
  std::size_t labels = 0;
  while (length < kLongestAddress && in_label(at(text, length))) {
    while (length < kLongestAddress && in_label(at(text, length))) ++length;
    ++labels;
    if (at(text, length) != U'.' || !in_label(at(text, length + 1))) break;
    ++length;
  }
  return labels > 1 ? length : 0;
}

// ". . ." and so on: the length of dots with blanks between them, if there are three or more.
std::size_t spaced_dots(Text text) {
  std::size_t dots = 1;
  std::size_t length = 1;
  while (at(text, length) == U' ' && at(text, length + 1) == U'.') {
    length += 2;
    ++dots;
  }
  return dots >= 3 ? length : 0;
}

constexpr std::array<std::pair<Text, std::string_view>, 6> kReferences = {{{U"&amp;", "&"},
                                                                           {U"&lt;", "<"},
                                                                           {U"&gt;", ">"},
                                                                           {U"&quot;", "''"},
                                                                           {U"&apos;", "'"},
                                                                           {U"&nbsp;", ""}}};

// Characters that are written in others.
constexpr std::array<std::pair<char32_t, std::string_view>, 21> kRewritten = {{
    {U'\x2013', "--"},  {U'\x2014', "--"},    {U'\x2015', "--"},  {U'\x2026', "..."},
    {U'\x201C', "``"},  {U'\x201E', "``"},    {U'\x00AB', "``"},  {U'\x201D', "''"},
    {U'\x00BB', "''"},  {U'\x2018', "`"},     {U'\x2039', "`"},   {U'\x2019', "'"},
    {U'\x203A', "'"},   {U'\x00A2', "cents"}, {U'\x00A3', "#"},   {U'\x20AC', "$"},
    {U'\x00BD', "1/2"}, {U'\x00BC', "1/4"},   {U'\x00BE', "3/4"}, {U'\x2153', "1/3"},
    {U'\x2154', "2/3"},
}};

PtbSymbol scan_dots(Text text) {
  if (const std::size_t dots = run_of(text, U"."); dots >= 3) return {dots, "..."};
  if (const std::size_t length = spaced_dots(text); length > 0) return {length, "..."};
  return {1, "."};
}

PtbSymbol scan_quote(Text text) {
  const char32_t next = at(text, 1);
  switch (text.front()) {
    case U'"':
      return {1, opens_quote(next) ? "``" : "''"};
    case U'`':
      return next == U'`' ? PtbSymbol{2, "``"} : PtbSymbol{1, "`"};
    default:  // '
      if (next == U'\'') return {2, "''"};
      return {1, opens_quote(next) ? "`" : "'"};
  }
}

}  // namespace

std::size_t match_tag(Text text) {
  if (at(text, 0) != U'<') return 0;
  std::size_t end = at(text, 1) == U'/' ? 2 : 1;
  if (!is_letter(at(text, end))) return 0;
  while (end < kLongestAddress &&
         (is_word_character(at(text, end)) || is_one_of(at(text, end), U"-.:"))) {
    ++end;
  }
  bool has_attributes = false;
  if (at(text, end) == U' ') {
    while (end < kLongestAddress && !is_one_of(at(text, end), U"<>\n") && end < text.size()) {
      has_attributes = has_attributes || text[end] == U'=';
      ++end;
    }
    if (!has_attributes) return 0;
  }
  if (at(text, end) == U'/') ++end;
  return at(text, end) == U'>' ? end + 1 : 0;
}

std::size_t match_url(Text text) {
  std::size_t start = 0;
  for (const Text scheme : {Text(U"http://"), Text(U"https://"), Text(U"ftp://")}) {
    if (begins_with(text, scheme)) start = scheme.size();
  }
  if (start == 0) {
    if (!begins_with(text, U"www.")) return 0;
    start = host_length(text);
    if (start == 0 || at(text, start) != U'/') return start;
  }
  std::size_t end = start;
  while (end < text.size() && text[end] != U'\n' && !is_blank(text[end]) &&
         !is_one_of(text[end], U"<>\"|()[]{}")) {
    ++end;
  }
  while (end > start && is_one_of(text[end - 1], U".,!?;:'")) --end;
  return end > start ? end : 0;
}

std::size_t match_email(Text text) {
  if (!is_letter(at(text, 0)) && !is_digit(at(text, 0))) return 0;
  std::size_t end = 0;
  while (end < kLongestAddress &&
         (is_word_character(at(text, end)) || is_one_of(at(text, end), U".-+%"))) {
    ++end;
  }
  if (at(text, end) != U'@') return 0;
  const std::size_t host = host_length(text.substr(end + 1));
  return host > 0 ? end + 1 + host : 0;
}

std::size_t match_tagged_name(Text text) {
  if (!is_one_of(at(text, 0), U"@#")) return 0;
  if (!is_letter(at(text, 1)) && (text.front() == U'#' || at(text, 1) != U'_')) return 0;
  std::size_t end = 1;
  while (is_word_character(at(text, end))) ++end;
  return end;
}

std::size_t match_smiley(Text text) {
  if (!is_one_of(at(text, 0), U":;=")) return 0;
  const std::size_t nose = is_one_of(at(text, 1), U"-^'o") ? 1 : 0;
  if (!is_one_of(at(text, 1 + nose), U"()DPdpO[]{}|@")) return 0;
  const std::size_t end = 2 + nose;
  return is_word_character(at(text, end)) ? 0 : end;
}

std::size_t match_escaped_bracket(Text text) {
  for (const Text bracket : {Text(U"-lrb-"), Text(U"-rrb-"), Text(U"-lsb-"), Text(U"-rsb-"),
                             Text(U"-lcb-"), Text(U"-rcb-")}) {
    if (begins_with(text, bracket)) return bracket.size();
  }
  return 0;
}

PtbSymbol scan_symbol(Text text) {
  const char32_t c = text.front();
  if (c == U'.') return scan_dots(text);
  if (c == U'"' || c == U'`' || c == U'\'') return scan_quote(text);
  if (c == U'!' || c == U'?') {
    const std::size_t length = run_of(text, U"!?");
    return {length, lowercase_utf8(text.substr(0, length))};
  }
  if (c == U'-') {
    const std::size_t length = run_of(text, U"-");
    return {length, length > 1 ? "--" : "-"};
  }
  if (c == U'_') {
    const std::size_t length = run_of(text, U"_");
    return {length, std::string(length, '_')};
  }
  if (c == U'&') {
    for (const auto& [reference, character] : kReferences) {
      if (begins_with(text, reference)) return {reference.size(), std::string(character)};
    }
  }
  for (const auto& [character, rewritten] : kRewritten) {
    if (character == c) return {1, std::string(rewritten)};
  }
  // Of other symbols Latin-1's are tokens; an emoji is dropped.
  const bool is_shown = (c > U' ' && c < 0x7F) || (c > 0xA0 && c < 0x100 && c != 0xAD);
  return {1, is_shown ? escaped_bracket(c) : std::string()};
}

std::string escaped_bracket(char32_t c) {
  switch (c) {
    case U'(':
      return "-lrb-";
    case U')':
      return "-rrb-";
    case U'[':
      return "-lsb-";
    case U']':
      return "-rsb-";
    case U'{':
      return "-lcb-";
    case U'}':
      return "-rcb-";
    default:
      std::string text;
      append_lowercase(c, text);
      return text;
  }
}

}  // namespace blip::eval
