#include "text/clip_normalizer.hpp"

#include <algorithm>
#include <cstddef>

#include "core/unicode.hpp"
#include "core/unicode_composition.hpp"

namespace blip {

namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool is_ascii_space(unsigned char byte) {
  return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

}  // namespace

std::string normalize_for_clip(std::string_view text) {
  std::string composed;
  if (!is_ascii(text)) {
    composed = composed_form(text);
    text = composed;
  }
  std::string out;
  out.reserve(text.size());
  bool after_space = false;
  const auto put_space = [&] {
    if (!after_space) out.push_back(' ');
    after_space = true;
  };
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      ++i;
      if (is_ascii_space(byte)) {
        put_space();
        continue;
      }
      after_space = false;
      out.push_back(static_cast<char>(byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte));
      continue;
    }
    const DecodedCharacter character = decode_utf8(text.substr(i));
    i += character.length;
    if ((properties_of(character.code_point) & kWhitespace) != 0) {
      put_space();
      continue;
    }
    after_space = false;
    append_lowercase(character.code_point, out);
  }
  return out;
}

}  // namespace blip
