#include "core/unicode.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace blip {
namespace {

TEST(Utf8, RoundTripsEveryCodePoint) {
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string text;
    append_utf8(c, text);
    const DecodedCharacter decoded = decode_utf8(text);
    ASSERT_TRUE(decoded.valid) << std::hex << static_cast<unsigned>(c);
    ASSERT_EQ(decoded.code_point, c);
    ASSERT_EQ(decoded.length, text.size());
  }
}

// Expected values from Python: bytes.decode("utf-8", errors="replace").
TEST(Utf8, ReplacesMaximalSubparts) {
  const std::string r = "\xEF\xBF\xBD";
  EXPECT_EQ(replace_invalid_utf8("a\xFF"
                                 "b"),
            "a" + r + "b");
  EXPECT_EQ(replace_invalid_utf8("\xC0\xAF"), r + r);                  // overlong "/"
  EXPECT_EQ(replace_invalid_utf8("\xE0\x80\x80"), r + r + r);          // overlong
  EXPECT_EQ(replace_invalid_utf8("\xED\xA0\x80"), r + r + r);          // surrogate
  EXPECT_EQ(replace_invalid_utf8("\xF4\x90\x80\x80"), r + r + r + r);  // past U+10FFFF
  EXPECT_EQ(replace_invalid_utf8("\xE2\x82"), r);                      // cut short
  EXPECT_EQ(replace_invalid_utf8("\xE2\x82x"), r + "x");
  EXPECT_EQ(replace_invalid_utf8("\xF0\x9F\x98\xF0\x9F\x98\x80"), r + "\xF0\x9F\x98\x80");
  EXPECT_EQ(replace_invalid_utf8("\x80\xBF"), r + r);
  EXPECT_EQ(replace_invalid_utf8("\xF5\xC3\xA9"), r + "\xC3\xA9");
  EXPECT_EQ(replace_invalid_utf8(""), "");
}

TEST(Utf8, KnowsWhatIsValid) {
  EXPECT_TRUE(is_valid_utf8(""));
  EXPECT_TRUE(is_valid_utf8("caf\xC3\xA9 \xF0\x9F\x98\x80"));
  EXPECT_FALSE(is_valid_utf8("caf\xC3"));
  EXPECT_FALSE(is_valid_utf8("\xED\xBF\xBF"));
}

TEST(Unicode, Properties) {
  EXPECT_EQ(properties_of('a'), kWordCharacter | kLetter | kCased);
  EXPECT_EQ(properties_of('7'), kWordCharacter | kNumber);
  EXPECT_EQ(properties_of('$'), kPunctuation);  // ASCII, though not of category P
  EXPECT_EQ(properties_of(0), kRemoved);
  EXPECT_EQ(properties_of('\n'), kWhitespace);  // category Cc, kept as white space
  EXPECT_EQ(properties_of(0x0B), kRemoved | kWhitespace);
  EXPECT_EQ(properties_of(0x3000), kWhitespace);
  EXPECT_EQ(properties_of(kReplacementCharacter), kRemoved);
  EXPECT_NE(properties_of(0x4E00) & kChinese, 0);
  EXPECT_EQ(properties_of(0x2B820) & kChinese, 0);  // the gap in BERT's ranges
  EXPECT_NE(properties_of(0x301) & kNonspacingMark, 0);
  EXPECT_EQ(properties_of(0x10FFFD), kRemoved);
  EXPECT_EQ(properties_of(0x10FFFF), 0);  // unassigned is no category to `tokenizers`
  EXPECT_NE(properties_of(0x301) & kCaseIgnorable, 0);
  EXPECT_NE(properties_of('\'') & kCaseIgnorable, 0);
  EXPECT_EQ(properties_of('-') & (kCased | kCaseIgnorable), 0);
  EXPECT_EQ(properties_of(0x4E00) & kCased, 0);
}

// What later Unicode versions say otherwise; `tokenizers` has not heard of it.
TEST(Unicode, PropertiesOfAnOlderUnicode) {
  EXPECT_EQ(properties_of(0x061D) & kPunctuation, 0);     // Po since Unicode 14
  EXPECT_EQ(properties_of(0x1DF6) & kNonspacingMark, 0);  // Mn since Unicode 9
  EXPECT_EQ(properties_of(0x11938) & kDecomposes, 0);     // since Unicode 13
  EXPECT_NE(properties_of(0x1734) & kNonspacingMark, 0);  // Mc since Unicode 14
  EXPECT_EQ(properties_of(0x0890) & kRemoved, 0);         // Cf since Unicode 14
  EXPECT_NE(properties_of(0x1C89) & kLetter, 0);          // since Unicode 16: Oniguruma has it
}

TEST(Unicode, Lowercase) {
  const auto lower = [](char32_t c) {
    std::string out;
    append_lowercase(c, out);
    return out;
  };
  EXPECT_EQ(lower('A'), "a");
  EXPECT_EQ(lower('a'), "a");
  EXPECT_EQ(lower('['), "[");
  EXPECT_EQ(lower(0x130), "i\xCC\x87");
  EXPECT_EQ(lower(0x1E9E), "\xC3\x9F");  // ẞ → ß
  EXPECT_EQ(lower(0x3A3), "\xCF\x83");   // Σ → σ, final or not
  EXPECT_EQ(lower(0x100), "\xC4\x81");   // first of a run of every other
  EXPECT_EQ(lower(0x101), "\xC4\x81");   // its lower case
  EXPECT_EQ(lower(0x2126), "\xCF\x89");  // Ω → ω, far away
  EXPECT_EQ(lower(0xA7DC), "\xC6\x9B");  // Unicode 16
  EXPECT_EQ(lower(0x10D50), "\xF0\x90\xB5\xB0");
}

TEST(Unicode, Decomposition) {
  std::array<char32_t, kMaxDecomposition> parts{};
  ASSERT_EQ(decompose(0x1ED7, parts), 3U);  // ỗ = o + ̂ + ̃
  EXPECT_EQ(parts[0], U'o');
  EXPECT_EQ(parts[1], char32_t{0x302});
  EXPECT_EQ(parts[2], char32_t{0x303});
  EXPECT_EQ(decompose(0xAC01, parts), 3U);  // Hangul is computed
  EXPECT_EQ(combining_class(0x302), 230);
  EXPECT_EQ(combining_class(0x323), 220);
}

}  // namespace
}  // namespace blip
