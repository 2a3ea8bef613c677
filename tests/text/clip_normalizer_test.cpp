#include "text/clip_normalizer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/unicode.hpp"
#include "tests/text/code_point_checksums.hpp"
#include "text/byte_characters.hpp"
#include "text/clip_words.hpp"

namespace blip {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;

json read_code_points() {
  std::ifstream file(BLIP_TEST_DATA "/clip_code_points.json");
  return json::parse(file);
}

// `pattern` with the code point in every place of "{}".
std::string filled(const std::string& pattern, char32_t code_point) {
  std::string text;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern.compare(i, 2, "{}") == 0) {
      append_utf8(code_point, text);
      ++i;
    } else {
      text += pattern[i];
    }
  }
  return text;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  ClipWords splitter(text);
  for (std::string_view word; splitter.next(word);) words.emplace_back(word);
  return words;
}

TEST(ClipNormalizer, AgreesOnEveryCodePoint) {
  const json data = read_code_points();
  ASSERT_EQ(data["normalized"].size(), 3U);
  for (const json& sweep : data["normalized"]) {
    SCOPED_TRACE(sweep["pattern"].dump());
    const auto pattern = sweep["pattern"].get<std::string>();
    expect_checksums(sweep["checksums"], data["block"].get<char32_t>(),
                     [&](char32_t c) { return normalize_for_clip(filled(pattern, c)); });
  }
}

TEST(ClipWords, AgreeOnEveryCodePoint) {
  const json data = read_code_points();
  ASSERT_EQ(data["words"].size(), 2U);
  for (const json& sweep : data["words"]) {
    SCOPED_TRACE(sweep["pattern"].dump());
    const auto pattern = sweep["pattern"].get<std::string>();
    expect_checksums(sweep["checksums"], data["block"].get<char32_t>(), [&](char32_t c) {
      std::string joined;
      for (const std::string& word : words_of(filled(pattern, c))) {
        if (!joined.empty()) joined += ' ';
        for (const char byte : word) joined += character_of_byte(static_cast<std::uint8_t>(byte));
      }
      return joined;
    });
  }
}

TEST(ClipNormalizer, Steps) {
  EXPECT_EQ(normalize_for_clip(""), "");
  EXPECT_EQ(normalize_for_clip(" A \t\n b"), " a b");
  EXPECT_EQ(normalize_for_clip("\x1C"), "\x1C");                          // no white space
  EXPECT_EQ(normalize_for_clip("a\xC2\x85\xE3\x80\x80z"), "a z");         // U+0085, U+3000
  EXPECT_EQ(normalize_for_clip("E\xCC\x81"), "\xC3\xA9");                 // e with acute accent
  EXPECT_EQ(normalize_for_clip("\xCE\x91\xCE\xA3"), "\xCE\xB1\xCF\x83");  // no final sigma
  EXPECT_EQ(normalize_for_clip("\xC4\xB0"), "i\xCC\x87");                 // İ, not composed again
  EXPECT_EQ(normalize_for_clip("\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8"), "\xEA\xB0\x81");
}

TEST(ClipWords, AreWordsDigitsAndPunctuation) {
  EXPECT_THAT(words_of("it's 2024!"), ElementsAre("it", "'s", "2", "0", "2", "4", "!"));
  EXPECT_THAT(words_of(""), ElementsAre());
  EXPECT_THAT(words_of("  "), ElementsAre());
  EXPECT_THAT(words_of("we'll've don't"), ElementsAre("we", "'ll", "'ve", "don", "'t"));
  EXPECT_THAT(words_of("''s 'sx"), ElementsAre("''", "s", "'s", "x"));
  EXPECT_THAT(words_of("x_y--..."), ElementsAre("x", "_", "y", "--..."));
}

TEST(ClipWords, LiteralSpecialTokensAreTakenApart) {
  EXPECT_THAT(words_of("a<|endoftext|>!!"), ElementsAre("a", "<|", "endoftext", "|>", "!!"));
  EXPECT_THAT(words_of("<|startoftext|><|endoftext|>"),
              ElementsAre("<|", "startoftext", "|>", "<|", "endoftext", "|>"));
  // Within punctuation they are none.
  EXPECT_THAT(words_of("!<|endoftext|>!"), ElementsAre("!<|", "endoftext", "|>!"));
  EXPECT_THAT(words_of("<|endoftext|"), ElementsAre("<|", "endoftext", "|"));
}

}  // namespace
}  // namespace blip
