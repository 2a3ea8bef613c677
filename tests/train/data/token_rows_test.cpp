#include "train/data/token_rows.hpp"

#include <gmock/gmock.h>

#include "tests/core/expect_error.hpp"

namespace blip::train {
namespace {

using testing::ElementsAre;

const BertTokenizer& tokenizer() {
  static const BertTokenizer kTokenizer =
      BertTokenizer::from_pretrained(BLIP_SOURCE_DIR "/models/bert-base-uncased");
  return kTokenizer;
}

// 'a picture of' is [101, 1037, 3861, 1997, 102] in bert-base-uncased.
TEST(TokenRows, PadsToTheLongest) {
  const std::vector<std::string> texts = {"a picture of", "a"};
  const TokenRows rows = tokenized(tokenizer(), texts, 30, Padding::to_longest);
  EXPECT_EQ(rows.rows, 2U);
  EXPECT_EQ(rows.columns, 5U);
  EXPECT_THAT(rows.ids, ElementsAre(101, 1037, 3861, 1997, 102, 101, 1037, 102, 0, 0));
  EXPECT_THAT(rows.mask, ElementsAre(1, 1, 1, 1, 1, 1, 1, 1, 0, 0));
}

TEST(TokenRows, PadsToTheMaximum) {
  const std::vector<std::string> texts = {"a"};
  const TokenRows rows = tokenized(tokenizer(), texts, 6, Padding::to_maximum);
  EXPECT_THAT(rows.ids, ElementsAre(101, 1037, 102, 0, 0, 0));
  EXPECT_THAT(rows.mask, ElementsAre(1, 1, 1, 0, 0, 0));
}

TEST(TokenRows, CutsBeforeTheLastToken) {
  const std::vector<std::string> texts = {"a picture of a"};
  const TokenRows rows = tokenized(tokenizer(), texts, 4, Padding::to_longest);
  EXPECT_THAT(rows.ids, ElementsAre(101, 1037, 3861, 102));
  EXPECT_THAT(rows.mask, ElementsAre(1, 1, 1, 1));
}

TEST(TokenRows, TakesSpecialTokensForText) {
  const std::vector<std::string> texts = {"[SEP]"};
  EXPECT_GT(tokenized(tokenizer(), texts, 30, Padding::to_longest).columns, 3U);
}

TEST(TokenRows, AcceptsNoTextsAndRefusesNoTokens) {
  EXPECT_EQ(tokenized(tokenizer(), {}, 30, Padding::to_longest).ids.size(), 0U);
  expect_error(ErrorCode::invalid_argument, "at least two tokens",
               [] { tokenized(tokenizer(), {}, 1, Padding::to_longest); });
}

}  // namespace
}  // namespace blip::train
