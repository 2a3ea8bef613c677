#include "search/word_query.hpp"

#include <gtest/gtest.h>

namespace blip::search {
namespace {

TEST(WordQuery, AnyOfTheWordsMayMatch) {
  EXPECT_EQ(word_query("two dogs, on-a beach!"), R"("two" OR "dogs" OR "on" OR "a" OR "beach")");
}

TEST(WordQuery, WhatIsTypedMeansNothingToFts5) {
  EXPECT_EQ(word_query(R"(text:"a*" NEAR(b) ^c)"), R"("text" OR "a" OR "NEAR" OR "b" OR "c")");
}

TEST(WordQuery, LettersBeyondAsciiAreWords) {
  EXPECT_EQ(word_query("plage à Étretat"), "\"plage\" OR \"à\" OR \"Étretat\"");
}

TEST(WordQuery, NoWordIsNoQuery) {
  EXPECT_EQ(word_query(" -- \"\" "), "");
  EXPECT_EQ(word_query(""), "");
}

TEST(WordQuery, OfManyWordsTheFirst64Count) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "w ";
  EXPECT_EQ(word_query(text).size(), 64 * 3 + 63 * 4);
}

}  // namespace
}  // namespace blip::search
