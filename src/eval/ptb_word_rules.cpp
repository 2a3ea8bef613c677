#include "eval/ptb_word_rules.hpp"

#include <array>
#include <string>

#include "eval/ptb_characters.hpp"
#include "eval/ptb_words.hpp"

namespace blip::eval {
namespace {

using Text = std::u32string_view;

// Longer than any word of a list, so that a word of a megabyte is not copied to be looked up.
constexpr std::size_t kLongestKnownWord = 16;

std::size_t count_letters(Text text, std::size_t from) {
  std::size_t end = from;
  while (is_letter(at(text, end))) ++end;
  return end - from;
}

std::size_t count_digits(Text text, std::size_t from) {
  std::size_t end = from;
  while (is_digit(at(text, end))) ++end;
  return end - from;
}

// As the lists have it; empty if it is too long for them.
std::string looked_up(Text word) {
  if (word.size() > kLongestKnownWord) return {};
  std::string lower = lowercase_utf8(word);
  if (const std::size_t curly = lower.find("\xE2\x80\x99"); curly != std::string::npos) {
    lower.replace(curly, 3, "'");
  }
  return lower;
}

bool is_t(char32_t c) {
  return c == U't' || c == U'T';
}
bool is_n(char32_t c) {
  return c == U'n' || c == U'N';
}

bool begins_with_n_apostrophe_t(Text text, std::size_t from) {
  return is_n(at(text, from)) && is_apostrophe(at(text, from + 1)) && is_t(at(text, from + 2)) &&
         !is_word_character(at(text, from + 3));
}

// A word of `length` characters without the n of an n't that follows.
std::size_t without_negation(Text text, std::size_t length) {
  return length > 1 && begins_with_n_apostrophe_t(text, length - 1) ? length - 1 : length;
}

// Digits, and more digits after single separators: "1,234.50".
std::size_t number_piece(Text text, std::size_t from) {
  std::size_t length = count_digits(text, from);
  if (length == 0) return 0;
  while (true) {
    const char32_t separator = at(text, from + length);
    if (separator != U'.' && separator != U',' && separator != U':') return length;
    const std::size_t more = count_digits(text, from + length + 1);
    if (more == 0) return length;
    length += 1 + more;
  }
}

// Letters, digits and underscores that begin with a letter or digit.
std::size_t letter_piece(Text text, std::size_t from) {
  if (at(text, from) == U'_') return 0;
  std::size_t end = from;
  while (is_word_character(at(text, end))) ++end;
  return end - from;
}

// The longer one: "7th" begins with a number.
std::size_t word_piece(Text text, std::size_t from) {
  return std::max(number_piece(text, from), letter_piece(text, from));
}

bool joins_words(Text text, std::size_t where) {
  const char32_t c = at(text, where);
  if (c == U'-' || c == U'/') return true;
  return c == U'&' && is_letter(at(text, where - 1)) && is_letter(at(text, where + 1));
}

}  // namespace

std::size_t match_word(Text text) {
  std::size_t length = word_piece(text, 0);
  if (length == 0) return 0;
  while (joins_words(text, length)) {
    const std::size_t more = word_piece(text, length + 1);
    if (more == 0) break;
    length += 1 + more;
  }
  return without_negation(text, length);
}

std::size_t match_number(Text text) {
  const std::size_t sign = at(text, 0) == U'-' || at(text, 0) == U'+' ? 1 : 0;
  if (at(text, sign) == U'.' && is_digit(at(text, sign + 1))) {
    return sign + 1 + number_piece(text, sign + 1);
  }
  const std::size_t number = number_piece(text, sign);
  if (number == 0) return 0;
  std::size_t end = sign + number;
  if (is_blank(at(text, end))) {
    const std::size_t numerator = count_digits(text, end + 1);
    const std::size_t slash = end + 1 + numerator;
    const std::size_t denominator = at(text, slash) == U'/' ? count_digits(text, slash + 1) : 0;
    const char32_t after = at(text, slash + 1 + denominator);
    if (numerator > 0 && denominator > 0 && !is_word_character(after) && after != U'/') {
      end = slash + 1 + denominator;
    }
  }
  return end;
}

std::size_t match_dotted_word(Text text) {
  std::size_t length = count_letters(text, 0);
  if (length == 0) return 0;
  std::size_t parts = 1;
  while (at(text, length) == U'.') {
    const std::size_t more = count_letters(text, length + 1);
    if (more == 0) break;
    length += 1 + more;
    ++parts;
  }
  return parts > 1 ? without_negation(text, length) : 0;
}

std::size_t match_acronym(Text text) {
  std::size_t length = 0;
  while (is_letter(at(text, length)) && at(text, length + 1) == U'.') length += 2;
  if (length < 4 || is_word_character(at(text, length))) return 0;
  if (at(text, length) == U'-') {
    const std::size_t more = match_word(text.substr(length + 1));
    if (more > 0) return length + 1 + more;
  }
  return length;
}

std::size_t match_abbreviation(Text text) {
  std::size_t length = count_letters(text, 0);
  if (length == 2 && at(text, 2) == U'.' && count_letters(text, 3) == 1) length = 4;  // Ph.D
  if (length == 0 || at(text, length) != U'.' || at(text, length + 1) == U'.') return 0;
  if (length == 1) return 2;
  const std::string word = looked_up(text.substr(0, length));
  if (word == "no" || word == "nos") {
    const std::size_t number = length + (is_blank(at(text, length + 1)) ? 2 : 1);
    return is_digit(at(text, number)) ? length + 1 : 0;
  }
  return is_abbreviation(word) ? length + 1 : 0;
}

std::size_t match_closing_abbreviation(Text text) {
  const std::size_t length = count_letters(text, 0);
  if (length == 0 || at(text, length) != U'.' || at(text, length + 1) == U'.') return 0;
  return is_closing_abbreviation(looked_up(text.substr(0, length))) ? length + 1 : 0;
}

std::size_t match_clitic(Text text) {
  if (begins_with_n_apostrophe_t(text, 0)) return 3;
  if (!is_apostrophe(at(text, 0))) return 0;
  const std::size_t letters = count_letters(text, 1);
  if (letters == 0 || letters > 2 || is_word_character(at(text, 1 + letters))) return 0;
  constexpr std::array<std::string_view, 6> kClitics = {"s", "m", "d", "re", "ve", "ll"};
  const std::string word = looked_up(text.substr(1, letters));
  for (const std::string_view clitic : kClitics) {
    if (word == clitic) return 1 + letters;
  }
  return 0;
}

std::size_t match_apostrophe_word(Text text) {
  if (is_apostrophe(at(text, 0))) {
    if (count_digits(text, 1) == 2) {  // a decade
      const std::size_t end = at(text, 3) == U's' || at(text, 3) == U'S' ? 4 : 3;
      return is_word_character(at(text, end)) ? 0 : end;
    }
    const std::size_t letters = count_letters(text, 1);
    if (letters == 0 || is_word_character(at(text, 1 + letters))) return 0;
    const std::size_t closed = is_apostrophe(at(text, 1 + letters)) ? 2 + letters : 0;
    if (closed > 0 && is_apostrophe_word(looked_up(text.substr(0, closed)))) return closed;
    const std::string word = looked_up(text.substr(0, 1 + letters));
    return is_apostrophe_word(word) || first_part_of(word) > 0 ? 1 + letters : 0;
  }
  const std::size_t before = count_letters(text, 0);
  if (before == 0 || before > kLongestKnownWord || !is_apostrophe(at(text, before))) return 0;
  const std::size_t after = count_letters(text, before + 1);
  const std::string first = looked_up(text.substr(0, before));
  if (first == "y" && after > 0) return 2;
  if (first == "ol") return after == 0 ? 3 : 0;
  if (after < 2) return 0;
  const std::size_t whole = before + 1 + after;
  // o'clock, c'mon, d'oeuvres, l'orange, s'mores; a clitic after the letter is none of these.
  constexpr std::string_view kElisions = "cdlos";
  if (before == 1 && kElisions.find(first.front()) != std::string_view::npos &&
      match_clitic(text.substr(1)) == 0) {
    return whole;
  }
  return is_inner_apostrophe_word(looked_up(text.substr(0, whole))) ? whole : 0;
}

}  // namespace blip::eval
