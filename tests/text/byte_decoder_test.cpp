#include "text/byte_decoder.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/unicode.hpp"
#include "text/byte_characters.hpp"

namespace blip {
namespace {

std::string decode(const std::vector<std::string_view>& tokens) {
  return decode_bytes(tokens, "</w>");
}

TEST(ByteCharacters, AreGpt2s) {
  EXPECT_EQ(character_of_byte('!'), "!");
  EXPECT_EQ(character_of_byte(0), "\xC4\x80");     // U+0100
  EXPECT_EQ(character_of_byte(' '), "\xC4\xA0");   // U+0120
  EXPECT_EQ(character_of_byte(0xAD), "\xC5\x83");  // U+0143, the last
  EXPECT_EQ(character_of_byte(0xE9), "\xC3\xA9");  // itself
  EXPECT_EQ(bytes_in_order()[0], '!');
  EXPECT_EQ(bytes_in_order()[94], 0xA1);
  EXPECT_EQ(bytes_in_order()[188], 0);
  EXPECT_EQ(bytes_in_order()[255], 0xAD);
}

TEST(ByteCharacters, GoBothWays) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    const auto bytes = bytes_of_characters(character_of_byte(static_cast<std::uint8_t>(byte)));
    ASSERT_TRUE(bytes);
    EXPECT_EQ(*bytes, std::string(1, static_cast<char>(byte)));
  }
  EXPECT_FALSE(bytes_of_characters("a b"));       // a blank is no byte's character
  EXPECT_FALSE(bytes_of_characters("\xC5\x84"));  // U+0144
  EXPECT_FALSE(bytes_of_characters("\xC2\xAD"));  // U+00AD
}

TEST(ByteDecoder, EndsOfWordsAreBlanks) {
  EXPECT_EQ(decode({"a</w>", "pho", "to</w>"}), "a photo");
  EXPECT_EQ(decode({}), "");
  EXPECT_EQ(decode({"</w>", "</w>"}), "");
  EXPECT_EQ(decode({"</", "w>", "a"}), "a");  // whatever token it came from
}

TEST(ByteDecoder, PutsCharactersTogether) {
  EXPECT_EQ(decode({"\xC3\x83", "\xC2\xA9</w>"}), "\xC3\xA9");  // the two bytes of U+00E9
  EXPECT_EQ(decode({"\xC3\x83", "a</w>"}),
            "\xEF\xBF\xBD"
            "a");  // one of them
  EXPECT_EQ(decode({"\xC3\xA9 \xC3\xBC", "a"}),
            "\xC3\xA9 \xC3\xBC"
            "a");  // not of bytes: as is
}

TEST(ByteDecoder, StripsWhatPythonStrips) {
  // NUL stays; U+001C to U+001F, U+0085 and U+3000 go.
  const std::string spaces = character_of_byte(0x1C) + character_of_byte(0x1F) +
                             character_of_byte(0xC2) + character_of_byte(0x85) +
                             character_of_byte(0xE3) + character_of_byte(0x80) +
                             character_of_byte(0x80);
  EXPECT_EQ(decode({spaces, "a", spaces}), "a");
  EXPECT_EQ(decode({character_of_byte(0), "a"}), std::string("\0a", 2));
}

}  // namespace
}  // namespace blip
