#include "dataset/text_preprocessing.hpp"

#include <algorithm>

#include "core/unicode.hpp"

namespace blip::dataset {
namespace {

constexpr std::string_view kRemovedCharacters = ".!\"()*#:;~";

// Python's str.isspace, which is what \s matches in its regular expressions; it counts the
// separators 0x1C to 0x1F that Unicode's White_Space leaves out.
bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

// Calls use(code point, its bytes) for each character; ill-formed bytes come as U+FFFD.
template <typename Use>
void for_each_character(std::string_view text, const Use& use) {
  while (!text.empty()) {
    const DecodedCharacter character = decode_utf8(text);
    use(character.code_point, text.substr(0, character.length), character.valid);
    text.remove_prefix(character.length);
  }
}

// Lower case, each removed character replaced by `replacement`.
std::string simplified(std::string_view text, std::string_view replacement) {
  std::string result;
  result.reserve(text.size());
  for_each_character(text, [&](char32_t code_point, std::string_view bytes, bool valid) {
    if (!valid) {
      result += bytes;
    } else if (bytes.size() == 1 &&
               kRemovedCharacters.find(bytes.front()) != kRemovedCharacters.npos) {
      result += replacement;
    } else {
      append_lowercase(code_point, result);
    }
  });
  return result;
}

std::string with_single_spaces(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  std::string_view first_space;
  std::size_t spaces = 0;
  const auto end_run = [&] {
    if (spaces == 1) result += first_space;
    if (spaces > 1) result += ' ';
    spaces = 0;
  };
  for_each_character(text, [&](char32_t code_point, std::string_view bytes, bool valid) {
    if (valid && is_space(code_point)) {
      if (spaces++ == 0) first_space = bytes;
    } else {
      end_run();
      result += bytes;
    }
  });
  end_run();
  return result;
}

std::string first_words(std::string_view text, std::size_t max_words) {
  std::size_t end = 0;
  for (std::size_t words = 0; words < max_words; ++words) {
    end = text.find(' ', words == 0 ? 0 : end + 1);
    if (end == std::string_view::npos) return std::string(text);
  }
  return std::string(text.substr(0, end));
}

void strip_right(std::string& text, char character) {
  text.erase(text.find_last_not_of(character) + 1);
}

}  // namespace

std::string pre_caption(std::string_view caption, std::size_t max_words) {
  std::string text = with_single_spaces(simplified(caption, " "));
  strip_right(text, '\n');
  strip_right(text, ' ');
  text.erase(0, std::min(text.find_first_not_of(' '), text.size()));
  return first_words(text, max_words);
}

std::string pre_question(std::string_view question, std::size_t max_words) {
  std::string text = simplified(question, "");
  strip_right(text, ' ');
  return first_words(text, max_words);
}

}  // namespace blip::dataset
