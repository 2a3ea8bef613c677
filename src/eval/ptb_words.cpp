#include "eval/ptb_words.hpp"

#include <algorithm>
#include <cstddef>

namespace blip::eval {
namespace {

// None of these is a word of its own at the end of a caption ("sat.", "sun." and "mar." would be).
constexpr std::array kAbbreviations = {
    // titles
    "adm", "brig", "capt", "cmdr", "col", "dr", "gen", "gov", "hon", "lt", "maj", "messrs", "mlle",
    "mme", "mr", "mrs", "ms", "pres", "prof", "rep", "rev", "sen", "sgt", "supt",
    // months and days
    "jan", "feb", "apr", "aug", "sept", "sep", "oct", "nov", "dec", "mon", "tue", "tues", "wed",
    "thu", "thurs", "fri",
    // places
    "ave", "blvd", "ft", "hwy", "mt", "rd", "st", "ste",
    // others
    "approx", "ca", "cf", "dept", "est", "ph.d", "vs"};
constexpr std::array kClosingAbbreviations = {"bros", "co", "corp", "esq", "etc",
                                              "inc",  "jr", "ltd",  "sr"};
constexpr std::array kSentenceStarters = {
    "a",     "after", "all",  "an",   "and",   "as",    "at",    "because", "before", "but",
    "each",  "for",   "he",   "her",  "here",  "his",   "how",   "i",       "if",     "in",
    "it",    "its",   "many", "my",   "no",    "now",   "on",    "one",     "our",    "she",
    "so",    "some",  "that", "the",  "their", "then",  "there", "these",   "they",   "this",
    "those", "we",    "what", "when", "where", "while", "who",   "why",     "you",    "your"};
constexpr std::array kApostropheWords = {"'bout", "'cause", "'em",  "'n",    "'n'",
                                         "'nuff", "'round", "'til", "'till", "'un"};
constexpr std::array kInnerApostropheWords = {"e'er", "fo'c'sle", "ma'am", "ne'er", "o'er"};
constexpr std::array<std::pair<std::string_view, std::size_t>, 8> kTwoTokenWords = {{{"cannot", 3},
                                                                                     {"gimme", 3},
                                                                                     {"gonna", 3},
                                                                                     {"gotta", 3},
                                                                                     {"lemme", 3},
                                                                                     {"wanna", 3},
                                                                                     {"'tis", 2},
                                                                                     {"'twas", 2}}};

template <std::size_t N>
bool contains(const std::array<const char*, N>& words, std::string_view word) {
  return std::any_of(words.begin(), words.end(),
                     [word](std::string_view known) { return known == word; });
}

}  // namespace

bool is_abbreviation(std::string_view word) {
  return contains(kAbbreviations, word);
}

bool is_closing_abbreviation(std::string_view word) {
  return contains(kClosingAbbreviations, word);
}

bool is_sentence_starter(std::string_view word) {
  return contains(kSentenceStarters, word);
}

bool is_apostrophe_word(std::string_view word) {
  return contains(kApostropheWords, word);
}

bool is_inner_apostrophe_word(std::string_view word) {
  return contains(kInnerApostropheWords, word);
}

std::size_t first_part_of(std::string_view word) {
  for (const auto& [known, length] : kTwoTokenWords) {
    if (known == word) return length;
  }
  return 0;
}

}  // namespace blip::eval
