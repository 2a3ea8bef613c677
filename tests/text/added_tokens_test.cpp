#include "text/added_tokens.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/core/expect_error.hpp"
#include "text/bert_normalizer.hpp"

namespace blip {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using Pieces = std::vector<std::pair<std::string, TokenId>>;
using Stage = AddedTokens::Stage;

constexpr TokenId kText = Vocabulary::kNone;

class AddedTokensTest : public ::testing::Test {
 protected:
  AddedTokensTest() {
    vocabulary.insert("[SEP]", 0, "test");
    vocabulary.insert("dog", 1, "test");
  }

  void add(const AddedToken& token) {
    const auto normalize = [this](std::string_view text) { return normalizer.normalize(text); };
    added.add(token, vocabulary, normalize, "test");
  }

  Pieces split(std::string_view text, Stage stage = Stage::given_text, bool parse = true) {
    Pieces pieces;
    for (const TextPiece& piece : added.split(text, stage, parse)) {
      pieces.emplace_back(piece.text, piece.id);
    }
    return pieces;
  }

  Vocabulary vocabulary;
  BertNormalizer normalizer;
  AddedTokens added;
};

TEST_F(AddedTokensTest, GivesIds) {
  add({.content = "[SEP]", .normalized = false, .special = true});
  add({.content = "[DEC]", .normalized = false, .special = true});
  add({.content = "[ENC]", .normalized = false, .special = true});
  add({.content = "[DEC]", .normalized = false, .special = true});
  EXPECT_EQ(added.find("[SEP]"), 0);  // the vocabulary's
  EXPECT_EQ(added.find("[DEC]"), 2);  // after it
  EXPECT_EQ(added.find("[ENC]"), 3);
  EXPECT_EQ(added.find("dog"), Vocabulary::kNone);
  EXPECT_EQ(added.count_outside(vocabulary), 2U);
  EXPECT_EQ(*added.text_of(3), "[ENC]");
  EXPECT_EQ(added.text_of(1), nullptr);
  EXPECT_TRUE(added.is_special("[DEC]"));
  EXPECT_FALSE(added.is_special("dog"));
}

TEST_F(AddedTokensTest, CutsLeftmostLongest) {
  add({.content = "ab", .normalized = false});
  add({.content = "abc", .normalized = false});
  add({.content = "bcd", .normalized = false});
  EXPECT_THAT(split("xabcdy"), ElementsAre(Pair("x", kText), Pair("abc", 3), Pair("dy", kText)));
  EXPECT_THAT(split("ababd"), ElementsAre(Pair("ab", 2), Pair("ab", 2), Pair("d", kText)));
  EXPECT_THAT(split("bcdab"), ElementsAre(Pair("bcd", 4), Pair("ab", 2)));
  EXPECT_THAT(split(""), ElementsAre());
}

TEST_F(AddedTokensTest, SpecialTokensMayStayText) {
  add({.content = "[SEP]", .normalized = false, .special = true});
  add({.content = "[X]", .normalized = false});
  EXPECT_THAT(split("a[SEP]b[X]", Stage::given_text, false),
              ElementsAre(Pair("a[SEP]b", kText), Pair("[X]", 2)));
}

TEST_F(AddedTokensTest, NormalizedTokensAreLookedForNormalized) {
  add({.content = "Caf\xC3\x89"});
  EXPECT_THAT(split("Caf\xC3\x89"), ElementsAre(Pair("Caf\xC3\x89", kText)));
  EXPECT_THAT(split("a cafe", Stage::normalized_text),
              ElementsAre(Pair("a ", kText), Pair("cafe", 2)));
  EXPECT_EQ(*added.text_of(2), "cafe");
  expect_error(ErrorCode::malformed, "test: normalising leaves nothing of an added token",
               [&] { add({.content = "\x01"}); });
}

TEST_F(AddedTokensTest, SingleWords) {
  add({.content = "dog", .single_word = true, .normalized = false});
  EXPECT_THAT(split("dog dogs"), ElementsAre(Pair("dog", 1), Pair(" dogs", kText)));
  EXPECT_THAT(split("hotdog"), ElementsAre(Pair("hotdog", kText)));
  EXPECT_THAT(split("\xC3\xA9"
                    "dog"),
              ElementsAre(Pair("\xC3\xA9"
                               "dog",
                               kText)));
  EXPECT_THAT(split("-dog."), ElementsAre(Pair("-", kText), Pair("dog", 1), Pair(".", kText)));
}

TEST_F(AddedTokensTest, SwallowsWhiteSpace) {
  add({.content = "[M]", .lstrip = true, .rstrip = true, .normalized = false});
  EXPECT_THAT(split("a \t[M]\xE3\x80\x80 b"),
              ElementsAre(Pair("a", kText), Pair(" \t[M]\xE3\x80\x80 ", 2), Pair("b", kText)));
  EXPECT_THAT(split("[M] [M]"), ElementsAre(Pair("[M] ", 2), Pair("[M]", 2)));
  EXPECT_THAT(split("  [M]"), ElementsAre(Pair("  [M]", 2)));
}

TEST_F(AddedTokensTest, ChangedFlagsReplaceTheOldOnes) {
  add({.content = "[M]", .normalized = false});
  add({.content = "[M]", .lstrip = true, .normalized = false});
  EXPECT_THAT(split("a [M]"), ElementsAre(Pair("a", kText), Pair(" [M]", 2)));
  add({.content = "[M]", .normalized = true});
  EXPECT_THAT(split("a [M]"), ElementsAre(Pair("a [M]", kText)));
}

TEST_F(AddedTokensTest, AreLimited) {
  expect_error(ErrorCode::limit_exceeded, "test: more added tokens than 4096", [&] {
    for (int i = 0; i < 5000; ++i) {
      add({.content = std::to_string(i), .normalized = false});
    }
  });
}

}  // namespace
}  // namespace blip
