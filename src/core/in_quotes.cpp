#include "core/in_quotes.hpp"

#include <cstddef>

namespace blip {

std::string in_quotes(std::string_view text) {
  // Longer than any tensor name of BLIP (83 bytes), short enough for one line.
  constexpr std::size_t kMaxBytes = 120;
  constexpr std::string_view kHex = "0123456789abcdef";

  std::size_t end = text.size();
  if (end > kMaxBytes) {
    end = kMaxBytes;
    // Not in the middle of a UTF-8 sequence: its continuation bytes are 10xxxxxx.
    while (end > kMaxBytes - 4 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  }
  std::string result = "\"";
  for (const char character : text.substr(0, end)) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte < 0x20 || byte == 0x7F) {
      result += "\\x";
      result += kHex[byte >> 4U];
      result += kHex[byte & 15U];
    } else {
      result += character;
    }
  }
  result += end < text.size() ? "…\"" : "\"";
  return result;
}

}  // namespace blip
