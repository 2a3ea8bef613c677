#include "text/word_piece.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/core/expect_error.hpp"

namespace blip {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class WordPieceTest : public ::testing::Test {
 protected:
  explicit WordPieceTest(const std::vector<std::string>& tokens = {
                             "[UNK]", "un", "unaffable", "##aff", "##able", "##a", "dog", ".",
                             "##\xC3\xA9", "caf", "\xC3\xA9", "a"}) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      vocabulary.insert(tokens[i], static_cast<TokenId>(i), "test");
    }
  }

  std::vector<TokenId> encode(std::string_view text, const WordPieceOptions& options = {}) {
    std::vector<TokenId> ids;
    WordPiece(vocabulary, options, "test").encode(text, ids);
    return ids;
  }

  Vocabulary vocabulary;
};

TEST_F(WordPieceTest, TakesTheLongestMatch) {
  EXPECT_THAT(encode("unaffable"), ElementsAre(2));
  EXPECT_THAT(encode("unaffaff"), ElementsAre(1, 3, 3));
  EXPECT_THAT(encode("unable"), ElementsAre(1, 4));
  EXPECT_THAT(encode("una"), ElementsAre(1, 5));
}

TEST_F(WordPieceTest, AWordThatDoesNotFitIsUnknownAsAWhole) {
  EXPECT_THAT(encode("unaffx"), ElementsAre(0));
  EXPECT_THAT(encode("x dog x"), ElementsAre(0, 6, 0));
}

TEST_F(WordPieceTest, SplitsAtSpaceAndAroundPunctuation) {
  EXPECT_THAT(encode("dog.dog  \xE3\x80\x80 un."), ElementsAre(6, 7, 6, 1, 7));
  EXPECT_THAT(encode("..!"), ElementsAre(7, 7, 0));
  EXPECT_THAT(encode(""), IsEmpty());
  EXPECT_THAT(encode(" \t "), IsEmpty());
}

TEST_F(WordPieceTest, NeverCutsACharacter) {
  EXPECT_THAT(encode("caf\xC3\xA9"), ElementsAre(9, 8));
  EXPECT_THAT(encode("\xC3\xA9\xC3\xA9"), ElementsAre(10, 8));
  EXPECT_THAT(encode("caf\xC3\xA8"), ElementsAre(0));
}

TEST_F(WordPieceTest, CountsCharactersNotBytes) {
  std::string hundred = "\xC3\xA9";
  std::vector<TokenId> expected = {10};
  for (int i = 1; i < 100; ++i) {
    hundred += "\xC3\xA9";
    expected.push_back(8);
  }
  EXPECT_EQ(encode(hundred), expected);
  EXPECT_THAT(encode(hundred + "\xC3\xA9"), ElementsAre(0));
  EXPECT_THAT(encode("dog", {.max_input_chars_per_word = 2}), ElementsAre(0));
}

TEST_F(WordPieceTest, OtherPrefixes) {
  EXPECT_THAT(encode("una", {.continuing_subword_prefix = ""}), ElementsAre(1, 11));
  vocabulary.insert("@@@@@a", 12, "test");  // longer than what it overwrites
  EXPECT_THAT(encode("aaa", {.continuing_subword_prefix = "@@@@@"}), ElementsAre(11, 12, 12));
}

TEST_F(WordPieceTest, NeedsItsUnknownToken) {
  expect_error(ErrorCode::malformed, "test: the vocabulary lacks unk_token \"<unk>\"",
               [&] { encode("a", {.unk_token = "<unk>"}); });
}

}  // namespace
}  // namespace blip
