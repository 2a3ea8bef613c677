// The Unicode tables of Hugging Face `tokenizers`, pinned: see tools/reference/
// generate_unicode_data.py for why they are ours and not those of the installed utf8proc.
#pragma once

#include <array>
#include <cstdint>

namespace blip {

// What normalisation and pre-tokenisation ask about a code point: bits of PropertyRow::properties.
inline constexpr std::uint16_t kRemoved = 1;      ///< clean_text drops it: NUL, U+FFFD, category C
inline constexpr std::uint16_t kWhitespace = 2;   ///< Rust's char::is_whitespace; \s of Oniguruma
inline constexpr std::uint16_t kChinese = 4;      ///< an ideograph: gets a space on either side
inline constexpr std::uint16_t kPunctuation = 8;  ///< a token of its own: ASCII, or category P
inline constexpr std::uint16_t kNonspacingMark = 16;   ///< category Mn: what strip_accents drops
inline constexpr std::uint16_t kDecomposes = 32;       ///< has a canonical decomposition
inline constexpr std::uint16_t kReorders = 64;         ///< has a combining class other than 0
inline constexpr std::uint16_t kWordCharacter = 128;   ///< \w of Rust's regular expressions
inline constexpr std::uint16_t kLetter = 256;          ///< \p{L} of Oniguruma
inline constexpr std::uint16_t kNumber = 512;          ///< \p{N} of Oniguruma
inline constexpr std::uint16_t kCased = 1024;          ///< has case, to Python's str.lower()
inline constexpr std::uint16_t kCaseIgnorable = 2048;  ///< is skipped when it asks that

/// Holds from `first` up to the next row's `first`.
struct PropertyRow {
  char32_t first;
  std::uint16_t properties;
};
extern const std::array<PropertyRow, 2906> kPropertyRows;

/// Code points first, first + step, … last have the lower case `code point + delta`.
struct LowercaseRow {
  char32_t first;
  char32_t last;
  std::uint8_t step;
  std::int32_t delta;
};
extern const std::array<LowercaseRow, 185> kLowercaseRows;

}  // namespace blip
