// Words, numbers, abbreviations and what apostrophes do to them, as the Penn Treebank tokenizer
// cuts them. A rule says how many characters at the start of `text` it takes, 0 if it does not
// apply.
#pragma once

#include <cstddef>
#include <string_view>

namespace blip::eval {

/// "dog", "t-shirt", "red/white", "R&B", "10-year-old", "1,234"; without the n't of "isn't".
std::size_t match_word(std::u32string_view text);
/// "3.5", "10:15", "1,234", ".5", "-5"; "1 1/2" with the blank.
std::size_t match_number(std::u32string_view text);
/// Letters joined by dots: "dog.The".
std::size_t match_dotted_word(std::u32string_view text);
/// "U.S.", "a.m.", and "U.S.-based".
std::size_t match_acronym(std::u32string_view text);
/// "Mr.", "A.", "No." before a number.
std::size_t match_abbreviation(std::u32string_view text);
/// "etc.", "Jr."
std::size_t match_closing_abbreviation(std::u32string_view text);
/// "'s", "'re", "n't"
std::size_t match_clitic(std::u32string_view text);
/// "o'clock", "ma'am", "'em", "'90s", "y'" of "y'all"
std::size_t match_apostrophe_word(std::u32string_view text);

}  // namespace blip::eval
