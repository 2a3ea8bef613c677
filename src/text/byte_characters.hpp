// GPT-2's characters for bytes: every byte has a printable one, so that vocabularies are text.
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

}  // namespace blip
