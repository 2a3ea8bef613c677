#include <algorithm>
#include <cstddef>
#include <vector>

#include "core/unicode.hpp"
#include "text/emoji_names.hpp"

namespace blip {
namespace {

struct EmojiName {
  std::string_view emoji;
  std::string_view name;
};

std::vector<EmojiName> read_emoji_names() {
  std::vector<EmojiName> names;
  std::string_view rest = emoji_names();
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() + 1);
    // A keycap begins with an ASCII character, and none with a blank.
    const std::size_t blank = line.find(' ');
    names.push_back({line.substr(0, blank), line.substr(blank + 1)});
  }
  return names;
}

const std::vector<EmojiName>& sorted_emoji_names() {
  static const std::vector<EmojiName> names = read_emoji_names();
  return names;
}

bool is_ascii_byte(char byte) {
  return static_cast<unsigned char>(byte) < 0x80;
}

// The longest emoji that `text` begins with; null if there is none.
const EmojiName* emoji_at(std::string_view text) {
  const std::vector<EmojiName>& names = sorted_emoji_names();
  // What begins `text` stands before it in the order, the longest last, with others in between that
  // share a shorter beginning with it: each of these shortens what can still be found.
  std::string_view key = text.substr(0, 64);
  while (!key.empty()) {
    const auto after = std::ranges::upper_bound(names, key, {}, &EmojiName::emoji);
    if (after == names.begin()) return nullptr;
    const EmojiName& candidate = *(after - 1);
    if (key.starts_with(candidate.emoji)) return &candidate;
    const auto common = std::ranges::mismatch(key, candidate.emoji).in1 - key.begin();
    key = key.substr(0, static_cast<std::size_t>(common));
  }
  return nullptr;
}

}  // namespace

std::string name_emoji(std::string_view text) {
  std::string named;
  while (!text.empty()) {
    // All emoji but keycaps begin with a character beyond ASCII, and keycaps go on with one.
    const bool may_begin =
        !is_ascii_byte(text.front()) || (text.size() > 1 && !is_ascii_byte(text[1]));
    const EmojiName* found = may_begin ? emoji_at(text) : nullptr;
    if (found != nullptr) {
      named += found->name;
      text.remove_prefix(found->emoji.size());
      continue;
    }
    const std::size_t length = decode_utf8(text).length;
    named += text.substr(0, length);
    text.remove_prefix(length);
  }
  return named;
}

}  // namespace blip
