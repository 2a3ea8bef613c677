// The tokenizer against what CoreNLP 3.4.1 made of the lines of ptb_golden.tsv.
#include "eval/ptb_tokenizer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "golden_lines.hpp"

namespace blip::testing {
namespace {

using ::testing::ElementsAre;

std::string joined(const std::vector<std::string>& tokens) {
  std::string text;
  for (const std::string& token : tokens) text += (text.empty() ? "" : " ") + token;
  return text;
}

// Columns: text, tokens alone, without punctuation, tokens within the whole file.
std::vector<std::vector<std::string>> golden() {
  auto rows = golden_lines("ptb_golden.tsv");
  for (auto& row : rows) {
    for (std::size_t tab = row[0].find("\\t"); tab != std::string::npos; tab = row[0].find("\\t")) {
      row[0].replace(tab, 2, "\t");
    }
  }
  return rows;
}

std::vector<std::string> texts_of(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::string> texts;
  for (const auto& row : rows) texts.push_back(row.front());
  return texts;
}

TEST(PtbTokenizer, EveryLineAlone) {
  const auto rows = golden();
  ASSERT_EQ(rows.size(), 304U);
  for (const auto& row : rows) {
    const std::vector<std::string> line = {row[0]};
    EXPECT_EQ(joined(eval::ptb_tokens(line).front()), row[1]) << row[0];
    EXPECT_EQ(eval::tokenized_captions(line).front(), row[2]) << row[0];
  }
}

TEST(PtbTokenizer, AllLinesAsOneFile) {
  const auto rows = golden();
  const auto tokens = eval::ptb_tokens(texts_of(rows));
  ASSERT_EQ(tokens.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(joined(tokens[i]), rows[i][3]) << i;
}

TEST(PtbTokenizer, EveryLineHasItsTokensWhateverIsInIt) {
  const std::vector<std::string> lines = {"a\nb", "", "\xFF\xC3", "c\r\xE2\x80\xA8 d"};
  EXPECT_THAT(eval::ptb_tokens(lines), ElementsAre(ElementsAre("a", "b"), ElementsAre(),
                                                   ElementsAre(), ElementsAre("c", "d")));
  EXPECT_TRUE(eval::ptb_tokens({}).empty());
}

TEST(PtbTokenizer, AnAcronymEndsASentenceBeforeAnother) {
  const std::vector<std::string> lines = {"in the U.S. The dog", "in the U.S. Army", "at 5 a.m."};
  EXPECT_EQ(joined(eval::ptb_tokens(lines)[0]), "in the u.s. . the dog");
  EXPECT_EQ(joined(eval::ptb_tokens(lines)[1]), "in the u.s. army");
  EXPECT_EQ(joined(eval::ptb_tokens(lines)[2]), "at 5 a.m.");
}

TEST(PtbTokenizer, LongWordsTakeTimeInProportionToTheirLength) {
  // Each would take minutes if a rule looked at the rest of the text for every character.
  for (const char* piece :
       {"a.", "<", "a@", "1 ", ". ", "'", "-", "a'", "http://", "1,", "U.S. "}) {
    std::string text;
    while (text.size() < 400'000) text += piece;
    EXPECT_FALSE(eval::ptb_tokens(std::vector<std::string>{text}).front().empty()) << piece;
  }
}

}  // namespace
}  // namespace blip::testing
