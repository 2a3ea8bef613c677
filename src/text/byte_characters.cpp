#include "text/byte_characters.hpp"

#include <charconv>
#include <cstddef>

#include "core/unicode.hpp"

namespace blip {

namespace {

constexpr bool stands_for_itself(unsigned byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

// By byte and, the other way round, by code point.
struct Table {
  std::array<std::uint8_t, 256> order{};
  std::array<std::string, 256> characters;
  std::array<int, 0x100 + 256> bytes{};  // -1: no byte's character
};

Table make_table() {
  Table table;
  table.bytes.fill(-1);
  std::size_t count = 0;
  const auto add = [&](unsigned byte, char32_t character) {
    table.order[count++] = static_cast<std::uint8_t>(byte);
    append_utf8(character, table.characters[byte]);
    table.bytes[character] = static_cast<int>(byte);
  };
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (stands_for_itself(byte)) add(byte, byte);
  }
  char32_t next = 0x100;
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (!stands_for_itself(byte)) add(byte, next++);
  }
  return table;
}

const Table& table() {
  static const Table kTable = make_table();
  return kTable;
}

}  // namespace

const std::array<std::uint8_t, 256>& bytes_in_order() {
  return table().order;
}

const std::string& character_of_byte(std::uint8_t byte) {
  return table().characters[byte];
}

std::optional<std::string> bytes_of_characters(std::string_view token) {
  const auto& bytes = table().bytes;
  std::string result;
  for (std::size_t i = 0; i < token.size();) {
    const DecodedCharacter character = decode_utf8(token.substr(i));
    if (character.code_point >= bytes.size() || bytes[character.code_point] < 0) {
      return std::nullopt;
    }
    result.push_back(static_cast<char>(bytes[character.code_point]));
    i += character.length;
  }
  return result;
}

std::string fallback_token_of_byte(std::uint8_t byte) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  return std::string("<0x") + kDigits[byte >> 4U] + kDigits[byte & 0xFU] + '>';
}

std::optional<std::uint8_t> byte_of_fallback_token(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token.back() != '>') return std::nullopt;
  std::uint8_t byte = 0;
  const auto [end, error] = std::from_chars(token.data() + 3, token.data() + 5, byte, 16);
  if (error != std::errc() || end != token.data() + 5) return std::nullopt;
  return byte;
}

}  // namespace blip
