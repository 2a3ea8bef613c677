// Answers to questions, made comparable as the official VQA evaluation (VQAEval, 2021) does.
#pragma once

#include <string>
#include <string_view>

namespace blip::eval {

/// Line feeds and tabs as blanks, none at the ends.
std::string stripped_answer(std::string_view answer);

/// Each of ; / [ ] " { } ( ) = + \ _ - > < @ ` , ? ! deleted if it has a blank beside it somewhere,
/// or if the answer has a comma between digits; else replaced by a blank. Then dots without a digit
/// behind them deleted: the first 32, for a flag of the published code is taken as a count.
std::string without_punctuation(std::string_view answer);

/// In lower case, number words to ten as digits, without articles, apostrophes put into
/// contractions
/// ("dont" → "don't").
std::string with_plain_words(std::string_view answer);

}  // namespace blip::eval
