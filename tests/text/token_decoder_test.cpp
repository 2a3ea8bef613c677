#include "text/token_decoder.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace blip {
namespace {

std::string join(const std::vector<std::string>& tokens, const TokenDecoderOptions& options = {}) {
  std::string out;
  for (std::size_t i = 0; i < tokens.size(); ++i) append_token(tokens[i], i == 0, options, out);
  return out;
}

TEST(TokenDecoder, JoinsPieces) {
  EXPECT_EQ(join({}), "");
  EXPECT_EQ(join({"un", "##aff", "##able", "dog"}), "unaffable dog");
  EXPECT_EQ(join({"##ing", "##s"}), "##ings");  // the first is taken as it is
  EXPECT_EQ(join({"a", "##"}), "a");
  EXPECT_EQ(join({"a", "@@b"}, {.prefix = "@@", .cleanup = true}), "ab");
}

TEST(TokenDecoder, CleansUpTokenByToken) {
  EXPECT_EQ(join({"dog", ".", "yes", "!", "no", "?", ",", "ok"}), "dog. yes! no?, ok");
  EXPECT_EQ(join({"it", "'", "s"}), "it ' s");
  EXPECT_EQ(join({"is", "n't", "it", "'s"}), "isn't it's");
  EXPECT_EQ(join({"i", "do not"}), "i don't");
  EXPECT_EQ(join({"a", ".", "'"}, {.prefix = "##", .cleanup = false}), "a . '");
}

// Expected values from transformers' clean_up_tokenization.
TEST(CleanUpTokenization, OverTheWholeText) {
  EXPECT_EQ(clean_up_tokenization("it ' s a dog , isn ' t it ?"), "it's a dog, isn't it?");
  EXPECT_EQ(clean_up_tokenization("is n't 'm 's 've 're"), "isn't'm's've're");
  EXPECT_EQ(clean_up_tokenization("do not"), "do not");
  EXPECT_EQ(clean_up_tokenization(" . . ."), "...");
  EXPECT_EQ(clean_up_tokenization("a ' ' b"), "a'' b");
  EXPECT_EQ(clean_up_tokenization(" ' "), "'");
  EXPECT_EQ(clean_up_tokenization(""), "");
}

}  // namespace
}  // namespace blip
