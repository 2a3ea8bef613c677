#include "text/byte_decoder.hpp"

#include <cstddef>
#include <utility>

#include "core/unicode.hpp"
#include "text/byte_characters.hpp"

namespace blip {

namespace {

std::size_t last_character_at(std::string_view text) {
  std::size_t i = text.size() - 1;
  while (i > 0 && (static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U) --i;
  return i;
}

std::string_view stripped(std::string_view text) {
  while (!text.empty()) {
    const DecodedCharacter first = decode_utf8(text);
    if (!is_python_space(first.code_point)) break;
    text.remove_prefix(first.length);
  }
  while (!text.empty()) {
    const std::size_t last = last_character_at(text);
    if (!is_python_space(decode_utf8(text.substr(last)).code_point)) break;
    text = text.substr(0, last);
  }
  return text;
}

}  // namespace

std::string decode_bytes(std::span<const std::string_view> tokens,
                         std::string_view end_of_word_suffix) {
  std::string bytes;
  for (const std::string_view token : tokens) {
    if (const auto decoded = bytes_of_characters(token)) {
      bytes += *decoded;
    } else {
      bytes += token;
    }
  }
  if (!is_valid_utf8(bytes)) bytes = replace_invalid_utf8(bytes);
  std::string text;
  for (std::size_t i = 0; i < bytes.size();) {
    if (!end_of_word_suffix.empty() &&
        std::string_view(bytes).substr(i).starts_with(end_of_word_suffix)) {
      text += ' ';
      i += end_of_word_suffix.size();
    } else {
      text += bytes[i++];
    }
  }
  return std::string(stripped(text));
}

std::string decode_byte_fallback(std::span<const std::string_view> tokens) {
  std::string text;
  std::string bytes;
  const auto flush = [&] {
    if (is_valid_utf8(bytes)) {
      text += bytes;
    } else {
      for (std::size_t i = 0; i < bytes.size(); ++i) append_utf8(kReplacementCharacter, text);
    }
    bytes.clear();
  };
  for (std::string_view token : tokens) {
    if (const auto byte = byte_of_fallback_token(token)) {
      bytes.push_back(static_cast<char>(*byte));
      continue;
    }
    flush();
    for (;;) {
      const std::size_t found = token.find(kBlankMark);
      text += token.substr(0, found);
      if (found == std::string_view::npos) break;
      text += ' ';
      token.remove_prefix(found + kBlankMark.size());
    }
  }
  flush();
  return text;
}

}  // namespace blip
