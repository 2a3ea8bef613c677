#include "text/byte_pairs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/core/expect_error.hpp"
#include "text/byte_pair_files.hpp"

namespace blip {
namespace {

using ::testing::ElementsAre;

// OpenAI's form, so that the vocabulary is complete.
struct Encoder {
  explicit Encoder(const std::string& merges) {
    options.merges = read_openai_merges("header\n" + merges, "merges", spec);
    pairs.emplace(spec.vocabulary, options, "merges");
  }

  std::vector<std::string> operator()(std::string_view word) const {
    std::vector<TokenId> ids;
    pairs->encode_word(word, workspace, ids);
    std::vector<std::string> tokens;
    for (const TokenId id : ids) tokens.emplace_back(spec.vocabulary.token(id));
    return tokens;
  }

  TokenizerSpec spec;
  BytePairOptions options;
  std::optional<BytePairs> pairs;
  mutable BytePairs::Workspace workspace;
};

TEST(BytePairs, LowestRankFirst) {
  const Encoder encode("b c\na b\nab c\n");
  EXPECT_THAT(encode("abc"), ElementsAre("ab", "c</w>"));  // c</w> is another token than c
  EXPECT_THAT(encode("abcd"), ElementsAre("a", "bc", "d</w>"));
  EXPECT_THAT(encode("a"), ElementsAre("a</w>"));
  EXPECT_THAT(encode(""), ElementsAre());
}

TEST(BytePairs, LeftmostOfEqualRanks) {
  const Encoder encode("a a\naa a\n");
  EXPECT_THAT(encode("aaaaaa"), ElementsAre("aa", "aaa", "a</w>"));
  EXPECT_THAT(encode("aaaab"), ElementsAre("aa", "aa", "b</w>"));
}

TEST(BytePairs, ABytesCharacterIsATokenOfItsOwn) {
  const Encoder encode("");
  EXPECT_THAT(encode("\xC3\xA9"), ElementsAre("\xC3\x83", "\xC2\xA9</w>"));
  EXPECT_THAT(encode(std::string(1, '\0')), ElementsAre("\xC4\x80</w>"));
}

TEST(BytePairs, WhatIsRememberedChangesNothing) {
  const Encoder encode("c a\nca t</w>\nd o\no g</w>\n");
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(encode("cat"), ElementsAre("cat</w>"));
    EXPECT_THAT(encode("dog"), ElementsAre("do", "g</w>"));
  }
}

// The vocabulary has "og</w>", but its merge comes too late: the word never becomes that token.
TEST(BytePairs, ATokenThatMergesDoNotReachIsNotTaken) {
  const Encoder encode("o g</w>\n");
  EXPECT_THAT(encode("og"), ElementsAre("og</w>"));
  Encoder other("o g</w>\n");
  other.pairs.emplace(other.spec.vocabulary, BytePairOptions{}, "merges");  // no merges at all
  EXPECT_THAT(other("og"), ElementsAre("o", "g</w>"));
  EXPECT_THAT(other("og"), ElementsAre("o", "g</w>"));
}

TEST(BytePairs, LongWordsTakeNoSquareOfTheirLength) {
  const Encoder encode("a a\naa aa\naaaa aaaa\n");
  const auto tokens = encode(std::string(1 << 20, 'a'));
  EXPECT_EQ(tokens.size(), (1U << 17) - 1 + 4);  // 8 at a time, and what is left before a</w>
}

TEST(BytePairs, NeedsEveryByteOrAnUnknownToken) {
  Vocabulary vocabulary;
  vocabulary.insert("a", 0, "test");
  vocabulary.insert("a</w>", 1, "test");
  expect_error(ErrorCode::malformed, "test: the vocabulary lacks the byte 0, and unk_token \"?\"",
               [&] { const BytePairs pairs(vocabulary, {.unk_token = "?"}, "test"); });
  vocabulary.insert("?", 2, "test");
  const BytePairs pairs(vocabulary, {.unk_token = "?"}, "test");
  BytePairs::Workspace workspace;
  std::vector<TokenId> ids;
  pairs.encode_word("abca", workspace, ids);
  EXPECT_THAT(ids, ElementsAre(0, 2, 2, 1));
}

TEST(MergeTable, OfAPairTwiceTheLaterCounts) {
  const MergeTable table({{1, 2, 3}, {4, 5, 6}, {1, 2, 7}}, "test");
  ASSERT_NE(table.find(1, 2), nullptr);
  EXPECT_EQ(table.find(1, 2)->rank, 2);
  EXPECT_EQ(table.find(1, 2)->merged, 7);
  EXPECT_EQ(table.find(4, 5)->rank, 1);
  EXPECT_EQ(table.find(2, 1), nullptr);
  EXPECT_EQ(MergeTable({}, "test").find(0, 0), nullptr);
}

}  // namespace
}  // namespace blip
