#include "app/moderation/decision.hpp"

#include <cmath>

#include "core/unicode.hpp"

namespace blip::app {
namespace {

// In lower case, with one blank for all white space, and one at either end.
std::string folded(std::string_view text) {
  std::string words = " ";
  while (!text.empty()) {
    const DecodedCharacter character = decode_utf8(text);
    text.remove_prefix(character.length);
    if (is_python_space(character.code_point)) {
      if (words.back() != ' ') words += ' ';
    } else {
      append_lowercase(character.code_point, words);
    }
  }
  if (words.back() != ' ') words += ' ';
  return words;
}

// Letters and digits make words; what is not ASCII counts as a letter.
bool is_of_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

bool holds_word(const std::string& text, const std::string& word) {
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    const bool begins = !is_of_word(word.front()) || !is_of_word(text[at - 1]);
    const bool ends = !is_of_word(word.back()) || !is_of_word(text[end]);
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
