// Code points as the Penn Treebank tokenizer tells them apart. Past the end of a text all are 0.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace blip::eval {

/// A text, of which ill-formed sequences have become U+FFFD.
std::u32string code_points_of(std::string_view utf8);
std::string lowercase_utf8(std::u32string_view text);

/// Categories L and M; no underscore.
bool is_letter(char32_t c) noexcept;
/// Of any script (category Nd), as Python's and Java's \d would in Unicode mode.
bool is_digit(char32_t c) noexcept;
/// What may stand inside a word: letters, digits, the underscore.
bool is_word_character(char32_t c) noexcept;
/// Between tokens of a line; a line feed is not.
bool is_blank(char32_t c) noexcept;
/// ' and U+2019.
bool is_apostrophe(char32_t c) noexcept;
bool is_capital(char32_t c) noexcept;

/// `text[at]`, or 0 past its end.
char32_t at(std::u32string_view text, std::size_t at) noexcept;

}  // namespace blip::eval
