#include "text/clip_words.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/unicode.hpp"

namespace blip {

namespace {

// transformers splits by the first of these that fits:
//   <\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+
// and then once more by GPT-2's expression, which takes the special tokens apart again.
constexpr std::array<std::string_view, 2> kSpecialNames = {"startoftext", "endoftext"};
constexpr std::string_view kOpening = "<|";
constexpr std::string_view kClosing = "|>";
constexpr std::array<std::string_view, 7> kContractions = {"'s", "'t",  "'re", "'ve",
                                                           "'m", "'ll", "'d"};

enum class Kind { space, letter, number, other };

Kind kind_of(char32_t code_point) {
  const std::uint16_t properties = properties_of(code_point);
  if ((properties & kLetter) != 0) return Kind::letter;
  if ((properties & kNumber) != 0) return Kind::number;
  return (properties & kWhitespace) != 0 ? Kind::space : Kind::other;
}

const std::array<Kind, 128>& ascii_kinds() {
  static const std::array<Kind, 128> kKinds = [] {
    std::array<Kind, 128> kinds{};
    for (std::size_t c = 0; c < kinds.size(); ++c) kinds[c] = kind_of(static_cast<char32_t>(c));
    return kinds;
  }();
  return kKinds;
}

struct Character {
  Kind kind;
  std::size_t length;
};

Character first_character(std::string_view text) {
  const auto byte = static_cast<unsigned char>(text[0]);
  if (byte < 0x80) return {ascii_kinds()[byte], 1};
  const DecodedCharacter decoded = decode_utf8(text);
  return {kind_of(decoded.code_point), decoded.length};
}

// Empty: the text does not begin with a special token.
std::string_view special_name(std::string_view text) {
  if (!text.starts_with(kOpening)) return {};
  text.remove_prefix(kOpening.size());
  for (const std::string_view name : kSpecialNames) {
    if (text.starts_with(name) && text.substr(name.size()).starts_with(kClosing)) return name;
  }
  return {};
}

std::size_t run_length(std::string_view text, Kind kind) {
  std::size_t length = 0;
  while (length < text.size()) {
    const Character character = first_character(text.substr(length));
    if (character.kind != kind) break;
    length += character.length;
  }
  return length;
}

}  // namespace

std::string_view ClipWords::take(std::size_t length) {
  const std::string_view word = text_.substr(0, length);
  text_.remove_prefix(length);
  return word;
}

bool ClipWords::next(std::string_view& word) {
  if (!name_.empty()) {
    const bool is_name = text_.starts_with(name_);
    word = take(is_name ? name_.size() : kClosing.size());
    if (!is_name) name_ = {};
    return true;
  }
  text_.remove_prefix(run_length(text_, Kind::space));
  if (text_.empty()) return false;
  name_ = special_name(text_);
  if (!name_.empty()) {
    word = take(kOpening.size());
    return true;
  }
  const auto contraction = std::ranges::find_if(
      kContractions, [&](std::string_view candidate) { return text_.starts_with(candidate); });
  if (contraction != kContractions.end()) {
    word = take(contraction->size());
    return true;
  }
  const Character first = first_character(text_);
  word = take(first.kind == Kind::number ? first.length : run_length(text_, first.kind));
  return true;
}

}  // namespace blip
