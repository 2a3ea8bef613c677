#include "app/records/record.hpp"

#include <cstddef>
#include <nlohmann/json.hpp>

#include "core/html_text.hpp"
#include "core/unicode.hpp"

namespace blip::app {
namespace {

constexpr std::string_view kMarker = "file:";
constexpr std::string_view kHex = "0123456789ABCDEF";

}  // namespace

std::string to_utf8(std::string_view bytes) {
  // The library replaces what is not UTF-8 when it writes; reading that back gives the text.
  const nlohmann::json json(bytes);
  const auto replaced = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return nlohmann::json::parse(replaced).get<std::string>();
}

std::string path_text(std::string_view path) {
  if (is_valid_utf8(path) && !path.starts_with(kMarker)) return std::string(path);
  std::string text(kMarker);
  const auto escape = [&](char byte) {
    const auto value = static_cast<unsigned char>(byte);
    text += '%';
    text += kHex[value >> 4U];
    text += kHex[value & 15U];
  };
  while (!path.empty()) {
    const DecodedCharacter character = decode_utf8(path);
    const std::string_view bytes = path.substr(0, character.length);
    if (character.valid && bytes != "%") {
      text += bytes;
    } else {
      for (const char byte : bytes) escape(byte);
    }
    path.remove_prefix(character.length);
  }
  return text;
}

std::string path_of_text(std::string_view text) {
  if (!text.starts_with(kMarker)) return std::string(text);
  std::string path;
  for (std::size_t i = kMarker.size(); i < text.size(); ++i) {
    const std::size_t high = i + 2 < text.size() ? kHex.find(text[i + 1]) : std::string_view::npos;
    const std::size_t low = i + 2 < text.size() ? kHex.find(text[i + 2]) : std::string_view::npos;
    if (text[i] != '%' || high == std::string_view::npos || low == std::string_view::npos) {
      path += text[i];
      continue;
    }
    path += static_cast<char>(high * kHex.size() + low);
    i += 2;
  }
  return path;
}

std::string printable(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  std::string line;
  line.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    // U+0080 to U+009F in UTF-8: 0xC2, then the code itself.
    const bool second_set =
        byte(i) == 0xC2 && i + 1 < text.size() && byte(i + 1) >= 0x80 && byte(i + 1) <= 0x9F;
    if (second_set) ++i;
    line += second_set || byte(i) < 0x20 || byte(i) == 0x7F ? '?' : text[i];
  }
  return line;
}

std::string html_text(std::string_view bytes) {
  return html_escaped(printable(to_utf8(bytes)));
}

}  // namespace blip::app
