// The words that the Penn Treebank tokenizer knows by heart.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace blip::eval {

/// All take words in lower case, with a plain apostrophe.

/// Keeps its dot: "mr" of "Mr.".
bool is_abbreviation(std::string_view word);
/// Keeps its dot and may end a sentence, which then gets a dot of its own: "etc" of "etc.".
bool is_closing_abbreviation(std::string_view word);
/// Begins a sentence, if it follows an acronym and has a capital letter.
bool is_sentence_starter(std::string_view word);
/// Begins with an apostrophe that belongs to it: "'em".
bool is_apostrophe_word(std::string_view word);
/// Has an apostrophe inside that belongs to it, though no rule would keep it: "ma'am".
bool is_inner_apostrophe_word(std::string_view word);

/// How many characters of the word make the first of its two tokens: 3 of "cannot"; 0 if it is one
/// token.
std::size_t first_part_of(std::string_view word);

}  // namespace blip::eval
