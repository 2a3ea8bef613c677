#include "app/captions/caption_edits.hpp"

#include <cstddef>
#include <string_view>

#include "core/unicode.hpp"

namespace blip::app {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kMarks = ",.;:!?";

std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(decode_utf8(text).length);
  return count;
}

std::string_view first_characters(std::string_view text, std::size_t count) {
  std::size_t bytes = 0;
  for (; count > 0 && bytes < text.size(); --count) {
    bytes += decode_utf8(text.substr(bytes)).length;
  }
  return text.substr(0, bytes);
}

// `text` in at most `limit` characters, without the part of a word at its end; a lone word that is
// longer is cut itself.
std::string cut_at_a_word(std::string_view text, std::size_t limit) {
  std::string_view kept = first_characters(text, limit);
  if (kept.size() < text.size() && kBlanks.find(text[kept.size()]) == std::string_view::npos) {
    const std::size_t blank = kept.find_last_of(kBlanks);
    if (blank != std::string_view::npos && kept.find_first_not_of(kBlanks) < blank) {
      kept = kept.substr(0, blank);
    }
  }
  if (kept.size() < text.size()) {
    // "a cat, and" is not to become "a cat,".
    const std::size_t last = kept.find_last_not_of(" \t,;:");
    kept = kept.substr(0, last == std::string_view::npos ? 0 : last + 1);
  }
  return std::string(kept);
}

std::string joined(const std::string& left, const std::string& right) {
  const bool blank = !left.empty() && !right.empty() &&
                     kBlanks.find(left.back()) == std::string_view::npos &&
                     kBlanks.find(right.front()) == std::string_view::npos &&
                     kMarks.find(right.front()) == std::string_view::npos;
  return blank ? left + " " + right : left + right;
}

std::string whole(const std::string& caption, const CaptionEdits& edits) {
  return joined(joined(edits.prefix, caption), edits.suffix);
}

}  // namespace

std::string edited(const std::string& caption, const CaptionEdits& edits) {
  std::string text = whole(caption, edits);
  if (!edits.max_characters) return text;
  const auto limit = static_cast<std::size_t>(*edits.max_characters);
  const std::size_t length = count_characters(text);
  if (length <= limit) return text;
  const std::size_t own = count_characters(caption);
  const std::size_t beyond = length - limit;
  // Something of the caption has to remain.
  if (beyond >= own) return cut_at_a_word(text, limit);
  return whole(cut_at_a_word(caption, own - beyond), edits);
}

}  // namespace blip::app
