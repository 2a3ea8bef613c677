#include "text/bert_normalizer.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/unicode.hpp"
#include "tests/text/code_point_checksums.hpp"
#include "text/word_piece.hpp"

namespace blip {
namespace {

using nlohmann::json;

json read_code_points() {
  std::ifstream file(BLIP_TEST_DATA "/code_points.json");
  return json::parse(file);
}

TEST(BertNormalizer, AgreesOnEveryCodePoint) {
  const json data = read_code_points();
  ASSERT_EQ(data["normalized"].size(), 10U);
  for (const json& sweep : data["normalized"]) {
    SCOPED_TRACE(sweep["options"].dump() + sweep["before"].dump());
    BertNormalizerOptions options;
    options.clean_text = sweep["options"].value("clean_text", true);
    options.handle_chinese_chars = sweep["options"].value("handle_chinese_chars", true);
    options.lowercase = sweep["options"].value("lowercase", true);
    if (sweep["options"].contains("strip_accents")) {
      options.strip_accents = sweep["options"]["strip_accents"].get<bool>();
    }
    const BertNormalizer normalizer(options);
    const auto before = sweep["before"].get<std::string>();
    const auto after = sweep["after"].get<std::string>();
    expect_checksums(sweep["checksums"], data["block"].get<char32_t>(), [&](char32_t c) {
      std::string text = before;
      append_utf8(c, text);
      return normalizer.normalize(text + after);
    });
  }
}

TEST(BertPreTokenizer, AgreesOnEveryCodePoint) {
  const json data = read_code_points();
  Vocabulary vocabulary;
  vocabulary.insert("[UNK]", 0, "test");
  vocabulary.insert("a", 1, "test");
  vocabulary.insert("b", 2, "test");
  vocabulary.insert("##b", 3, "test");
  const WordPiece word_piece(vocabulary, {}, "test");
  expect_checksums(data["words"], data["block"].get<char32_t>(), [&](char32_t c) {
    std::string text = "a";
    append_utf8(c, text);
    std::vector<TokenId> ids;
    word_piece.encode(text + "b", ids);
    std::string joined;
    for (const TokenId id : ids) {
      if (!joined.empty()) joined += ' ';
      joined += std::to_string(id);
    }
    return joined;
  });
}

TEST(BertNormalizer, Steps) {
  const BertNormalizer uncased;
  EXPECT_EQ(uncased.normalize(""), "");
  EXPECT_EQ(uncased.normalize("A\tB\x07\x7F\n"), "a b ");
  EXPECT_EQ(uncased.normalize("CAF\xC3\x89"), "cafe");
  EXPECT_EQ(uncased.normalize("\xE7\x8B\x97x"), " \xE7\x8B\x97 x");
  const BertNormalizer cased({.lowercase = false});
  EXPECT_EQ(cased.normalize("CAF\xC3\x89"), "CAF\xC3\x89");
  const BertNormalizer stripped({.strip_accents = true, .lowercase = false});
  EXPECT_EQ(stripped.normalize("CAF\xC3\x89"), "CAFE");
  const BertNormalizer untouched({.clean_text = false,
                                  .handle_chinese_chars = false,
                                  .strip_accents = false,
                                  .lowercase = false});
  EXPECT_EQ(untouched.normalize("A\tB\x07\x7F\xE7\x8B\x97"), "A\tB\x07\x7F\xE7\x8B\x97");
}

// Hangul tone marks (class 224, not Mn) and a musical stem (class 216) survive and change places,
// across a control character that is dropped between them.
TEST(BertNormalizer, OrdersMarksThatStay) {
  const BertNormalizer normalizer;
  const std::string tone = "\xE3\x80\xAE";
  const std::string stem = "\xF0\x9D\x85\xA5";
  EXPECT_EQ(normalizer.normalize("x" + tone + stem), "x" + stem + tone);
  EXPECT_EQ(normalizer.normalize("x" + tone + "\x01" + stem), "x" + stem + tone);
  EXPECT_EQ(normalizer.normalize("x" + tone + " " + stem), "x" + tone + " " + stem);
}

TEST(BertNormalizer, TakesLongRunsOfMarks) {
  const BertNormalizer normalizer;
  std::string marks = "x";
  for (int i = 0; i < 50'000; ++i) marks += "\xE3\x80\xAE\xF0\x9D\x85\xA5";
  EXPECT_EQ(normalizer.normalize(marks).size(), marks.size());
}

}  // namespace
}  // namespace blip
