#include "serve/dialects/base64.hpp"

#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "blip/error.hpp"

namespace blip::serve {
namespace {

TEST(Base64, DecodesWhatClientsSend) {
  EXPECT_EQ(decode_base64("aGVsbG8="), "hello");
  EXPECT_EQ(decode_base64("aGVsbG8"), "hello");         // without padding
  EXPECT_EQ(decode_base64("aGVs\r\nbG8=\n"), "hello");  // in lines
  EXPECT_EQ(decode_base64("-_8="), "\xFB\xFF");         // the alphabet of URLs
  EXPECT_EQ(decode_base64(""), "");
}

TEST(Base64, RefusesWhatIsNone) {
  for (const char* text : {"a", "abcde", "ab=c", "ab===", "caf\xC3\xA9", "a.b.", "a\0b"}) {
    EXPECT_EQ(decode_base64(text), std::nullopt) << text;
  }
}

TEST(Base64, EncodesWhatItDecodes) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(decode_base64(encode_base64(bytes)), bytes);
    bytes.push_back(static_cast<char>(i * 37));
  }
  EXPECT_EQ(encode_base64("hello"), "aGVsbG8=");
}

// Digits are taken four at a time; what stands between them may come anywhere.
TEST(Base64, TakesSpacesAnywhereAndRefusesOtherSignsEverywhere) {
  const std::string bytes = "The quick brown fox jumps over the lazy dog";
  const std::string text = encode_base64(bytes);
  for (std::size_t i = 0; i <= text.size(); ++i) {
    for (const char* spaces : {" ", "\r\n", " \t \n "}) {
      EXPECT_EQ(decode_base64(std::string(text).insert(i, spaces)), bytes) << i;
    }
    EXPECT_EQ(decode_base64(std::string(text).insert(i, "!")), std::nullopt) << i;
    EXPECT_EQ(decode_base64(std::string(text).insert(i, "\xC3")), std::nullopt) << i;
    // Padding is the end.
    if (i >= text.find('=')) continue;
    EXPECT_EQ(decode_base64(std::string(text).insert(i, "=")), std::nullopt) << i;
  }
}

TEST(PictureOfText, TakesDataUrlsBareBase64AndAddresses) {
  for (const char* text : {"aGVsbG8=", "data:image/png;base64,aGVsbG8=",
                           "data:image/jpeg;name=x.jpg;base64,aGVsbG8"}) {
    const auto picture = picture_of_text(text, "image");
    ASSERT_TRUE(std::holds_alternative<PictureBytes>(picture)) << text;
    EXPECT_EQ(std::get<PictureBytes>(picture).bytes, "hello");
  }
  const auto picture = picture_of_text("https://example.org/cat.jpg", "image");
  ASSERT_TRUE(std::holds_alternative<PictureUrl>(picture));
  EXPECT_EQ(std::get<PictureUrl>(picture).url, "https://example.org/cat.jpg");
}

TEST(PictureOfText, NamesTheFieldOfABadOne) {
  for (const char* text : {"", "data:image/png,hello", "data:;base64,", "not base64!"}) {
    try {
      (void)picture_of_text(text, "images[0]");
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
      EXPECT_TRUE(std::string(error.what()).starts_with("images[0]: ")) << error.what();
    }
  }
}

}  // namespace
}  // namespace blip::serve
