#include "text/canonical_text.hpp"

#include "core/unicode.hpp"

namespace blip {
namespace {

constexpr char32_t kCapitalSigma = 0x3A3;
constexpr std::string_view kFinalSigma = "\xCF\x82";

bool is_of(char32_t code_point, std::uint16_t property) {
  return (properties_of(code_point) & property) != 0;
}

// What counts of the characters before or after a sigma: the nearest that is not case-ignorable.
enum class Neighbour { cased, other };

// Of the characters from `at` on.
Neighbour next_neighbour(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const DecodedCharacter character = decode_utf8(text.substr(at));
    if (!is_of(character.code_point, kCaseIgnorable)) {
      return is_of(character.code_point, kCased) ? Neighbour::cased : Neighbour::other;
    }
    at += character.length;
  }
  return Neighbour::other;
}

bool is_ascii_punctuation(char32_t code_point) {
  return code_point < 0x80 && is_of(code_point, kPunctuation);
}

}  // namespace

std::string lower_as_python(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  Neighbour previous = Neighbour::other;
  for (std::size_t at = 0; at < text.size();) {
    const DecodedCharacter character = decode_utf8(text.substr(at));
    at += character.length;
    const bool ends_word = character.code_point == kCapitalSigma && previous == Neighbour::cased &&
                           next_neighbour(text, at) == Neighbour::other;
    if (ends_word) {
      out += kFinalSigma;
    } else {
      append_lowercase(character.code_point, out);
    }
    if (!is_of(character.code_point, kCaseIgnorable)) {
      previous = is_of(character.code_point, kCased) ? Neighbour::cased : Neighbour::other;
    }
  }
  return out;
}

std::string canonical_text(std::string_view text, bool lowercase) {
  std::string lowered;
  if (lowercase) {
    lowered = lower_as_python(text);
    text = lowered;
  }
  std::string out;
  out.reserve(text.size());
  bool after_space = true;  // nothing at the start
  for (std::size_t at = 0; at < text.size();) {
    const DecodedCharacter character = decode_utf8(text.substr(at));
    const std::string_view bytes = text.substr(at, character.length);
    at += character.length;
    if (is_ascii_punctuation(character.code_point)) continue;
    if (is_python_space(character.code_point)) {
      if (!after_space) out.push_back(' ');
      after_space = true;
      continue;
    }
    out += bytes;
    after_space = false;
  }
  if (after_space && !out.empty()) out.pop_back();
  return out;
}

}  // namespace blip
