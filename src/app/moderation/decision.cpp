#include "app/moderation/decision.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "core/unicode.hpp"

namespace blip::app {
namespace {

constexpr auto kNone = std::string_view::npos;

// What is not to be seen and parts no word: zero-width spaces and joiners, soft hyphens, marks of
// direction, variation selectors.
bool is_invisible(char32_t code_point) {
  const bool selects = code_point >= 0xFE00 && code_point <= 0xFE0F;
  return selects || (properties_of(code_point) & kRemoved) != 0;
}

// In lower case, with one blank for all white space, and one at either end.
std::string folded(std::string_view text) {
  std::string words = " ";
  while (!text.empty()) {
    const DecodedCharacter character = decode_utf8(text);
    text.remove_prefix(character.length);
    if (is_python_space(character.code_point)) {
      if (words.back() != ' ') words += ' ';
    } else if (!is_invisible(character.code_point)) {
      append_lowercase(character.code_point, words);
    }
  }
  if (words.back() != ' ') words += ' ';
  return words;
}

// Blocks of the writing systems that put no blanks between words, or (Korean) put endings to them:
// where a word begins and ends cannot be seen there, so it is found anywhere.
bool is_written_without_blanks(char32_t code_point) {
  struct Blocks {
    char32_t first;
    char32_t last;
  };
  constexpr Blocks kBlocks[] = {
      {0x0E00, 0x0EFF},                     // Thai, Lao
      {0x1000, 0x109F},                     // Burmese
      {0x1100, 0x11FF},                     // Korean letters
      {0x1780, 0x17FF},                     // Khmer
      {0x2E80, 0x9FFF},                     // Chinese, kana, Korean letters
      {0xAC00, 0xD7FF},                     // Korean syllables
      {0xF900, 0xFAFF},  {0xFF66, 0xFFDC},  // Chinese; kana and Korean of half width
      {0x20000, 0x3FFFF}                    // Chinese
  };
  return std::ranges::any_of(kBlocks, [code_point](const Blocks& blocks) {
    return code_point >= blocks.first && code_point <= blocks.last;
  });
}

// Letters, digits and what is put above and below them make words.
bool is_of_word(char32_t code_point) {
  const std::uint16_t properties = properties_of(code_point);
  return (properties & kWordCharacter) != 0 && (properties & kPunctuation) == 0 &&
         !is_written_without_blanks(code_point);
}

bool begins_with_word(std::string_view text) {
  return is_of_word(decode_utf8(text).code_point);
}

bool ends_with_word(std::string_view text) {
  std::size_t at = text.size() - 1;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80) --at;
  return is_of_word(decode_utf8(text.substr(at)).code_point);
}

bool holds_word(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != kNone; at = text.find(word, at + 1)) {
    const std::string_view before = text.substr(0, at);
    const std::string_view after = text.substr(at + word.size());
    const bool begins = !begins_with_word(word) || !ends_with_word(before);
    const bool ends = !ends_with_word(word) || !begins_with_word(after);
    if (begins && ends) return true;
  }
  return false;
}

}  // namespace

double rounded(double value) {
  constexpr double kPlaces = 1e4;
  const double result = std::round(value * kPlaces) / kPlaces;
  return result == 0.0 ? 0.0 : result;  // no -0
}

void decide(const Rule& rule, Evidence& evidence) {
  if (const auto* words = std::get_if<WordsRule>(&rule.by)) {
    evidence.action = evidence.score > 0.0 ? words->action : Action::allow;
    return;
  }
  if (rule.calibration) {
    evidence.probability = rounded(probability(*rule.calibration, evidence.score));
  }
  const double value = evidence.probability.value_or(evidence.score);
  if (rule.block && value >= *rule.block) {
    evidence.action = Action::block;
  } else if (rule.review && value >= *rule.review) {
    evidence.action = Action::review;
  } else {
    evidence.action = Action::allow;
  }
}

std::optional<std::string> word_in(const std::vector<std::string>& words, std::string_view text) {
  const std::string there = folded(text);
  for (const std::string& word : words) {
    const std::string wanted = folded(word);
    if (wanted.size() > 2 && holds_word(there, wanted.substr(1, wanted.size() - 2))) return word;
  }
  return std::nullopt;
}

}  // namespace blip::app
