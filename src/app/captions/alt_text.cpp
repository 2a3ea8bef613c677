#include "app/captions/alt_text.hpp"

#include <array>
#include <string_view>

#include "app/captions/caption_edits.hpp"

namespace blip::app {
namespace {

constexpr std::string_view kWhiteSpace = " \t\r\n";

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

bool begins_with_word(std::string_view text, std::string_view start) {
  if (text.size() <= start.size()) return false;
  for (std::size_t i = 0; i < start.size(); ++i) {
    if (upper(text[i]) != upper(start[i])) return false;
  }
  return true;
}

std::string_view without_kind(std::string_view caption) {
  constexpr std::array<std::string_view, 3> kArticles = {"a ", "an ", "the "};
  constexpr std::array<std::string_view, 4> kKinds = {"picture of ", "photo of ", "image of ",
                                                      "photograph of "};
  for (const std::string_view article : kArticles) {
    if (!begins_with_word(caption, article)) continue;
    const std::string_view rest = caption.substr(article.size());
    for (const std::string_view kind : kKinds) {
      if (begins_with_word(rest, kind)) return rest.substr(kind.size());
    }
  }
  return caption;
}

}  // namespace

std::string alt_text(const std::string& caption, std::uint64_t max_characters) {
  std::string_view text = caption;
  const std::size_t begin = text.find_first_not_of(kWhiteSpace);
  if (begin == std::string_view::npos) return {};
  text = text.substr(begin, text.find_last_not_of(kWhiteSpace) + 1 - begin);
  text = without_kind(text);
  std::string sentence(text);
  sentence.front() = upper(sentence.front());
  const bool has_end = std::string_view(".!?").find(sentence.back()) != std::string_view::npos;
  return edited(sentence, {.suffix = has_end ? "" : ".", .max_characters = max_characters});
}

}  // namespace blip::app
