#include "search/word_query.hpp"

#include <cstddef>

namespace blip::search {
namespace {

constexpr int kMaxWords = 64;

// Every byte of a character beyond ASCII is a letter's: FTS5 splits what is none.
bool is_word_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

std::string joined_words(std::string_view text, std::string_view quote,
                         std::string_view separator) {
  std::string query;
  int words = 0;
  for (std::size_t at = 0; at < text.size() && words < kMaxWords;) {
    if (!is_word_byte(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && is_word_byte(text[end])) ++end;
    if (words++ > 0) query += separator;
    query += quote;
    query += text.substr(at, end - at);
    query += quote;
    at = end;
  }
  return query;
}

std::string word_query(std::string_view text) {
  return joined_words(text, "\"", " OR ");
}

}  // namespace blip::search
