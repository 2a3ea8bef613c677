// How vocabularies, which are text, write what is not: GPT-2's characters for bytes, of which every
// byte has a printable one, and SentencePiece's marks.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace blip {

/// The bytes in the order in which vocabularies list their characters: those that are printable in
/// Latin-1 and stand for themselves, then the rest, which have the characters from U+0100 on.
[[nodiscard]] const std::array<std::uint8_t, 256>& bytes_in_order();

/// Its character, as UTF-8.
[[nodiscard]] const std::string& character_of_byte(std::uint8_t byte);

/// The bytes that the characters of `token` stand for; nothing if one of them is no byte's.
/// `token` must be valid UTF-8.
[[nodiscard]] std::optional<std::string> bytes_of_characters(std::string_view token);

/// ▁, which SentencePiece writes for a blank.
inline constexpr std::string_view kBlankMark = "\xE2\x96\x81";

/// "<0x0A>": its token where characters that the vocabulary lacks are spelled in bytes.
[[nodiscard]] std::string fallback_token_of_byte(std::uint8_t byte);
/// The byte that such a token stands for; nothing for any other token.
[[nodiscard]] std::optional<std::uint8_t> byte_of_fallback_token(std::string_view token);

}  // namespace blip
