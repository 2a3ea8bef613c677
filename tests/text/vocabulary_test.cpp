#include "text/vocabulary.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/core/expect_error.hpp"

namespace blip {
namespace {

TEST(Vocabulary, FindsBothWays) {
  Vocabulary vocabulary;
  EXPECT_EQ(vocabulary.find("a"), Vocabulary::kNone);
  for (int i = 0; i < 5000; ++i) vocabulary.insert("token" + std::to_string(i), 2 * i, "test");
  EXPECT_EQ(vocabulary.size(), 5000U);
  EXPECT_EQ(vocabulary.longest_token(), 9U);
  for (int i = 0; i < 5000; ++i) {
    ASSERT_EQ(vocabulary.find("token" + std::to_string(i)), 2 * i);
    ASSERT_EQ(vocabulary.token(2 * i), "token" + std::to_string(i));
    ASSERT_FALSE(vocabulary.contains(2 * i + 1));
  }
  EXPECT_EQ(vocabulary.find("token5000"), Vocabulary::kNone);
  EXPECT_FALSE(vocabulary.contains(-1));
  EXPECT_FALSE(vocabulary.contains(10'000));
  EXPECT_EQ(vocabulary.token(-1), "");
  EXPECT_EQ(vocabulary.token(10'000), "");
}

TEST(Vocabulary, TheLaterOfTwoCounts) {
  Vocabulary vocabulary;
  vocabulary.insert("a", 0, "test");
  vocabulary.insert("b", 1, "test");
  vocabulary.insert("a", 2, "test");  // the same token again: id 0 is left without one
  EXPECT_EQ(vocabulary.find("a"), 2);
  EXPECT_FALSE(vocabulary.contains(0));
  EXPECT_EQ(vocabulary.size(), 2U);
  vocabulary.insert("c", 1, "test");  // the same id again: it stands for the later token
  EXPECT_EQ(vocabulary.token(1), "c");
  EXPECT_EQ(vocabulary.find("b"), 1);
  EXPECT_EQ(vocabulary.size(), 3U);
}

TEST(Vocabulary, KeepsAnyBytes) {
  Vocabulary vocabulary;
  const std::string nul("a\0b", 3);
  vocabulary.insert("", 0, "test");
  vocabulary.insert(nul, 1, "test");
  vocabulary.insert("a", 2, "test");
  EXPECT_EQ(vocabulary.find(""), 0);
  EXPECT_EQ(vocabulary.find(nul), 1);
  EXPECT_TRUE(vocabulary.contains(0));
  EXPECT_EQ(vocabulary.token(0), "");
}

TEST(Vocabulary, LimitsIds) {
  Vocabulary vocabulary;
  expect_error(ErrorCode::limit_exceeded, "test: token id -1 is outside",
               [&] { vocabulary.insert("a", -1, "test"); });
  expect_error(ErrorCode::limit_exceeded, "test: token id 4194304 is outside",
               [&] { vocabulary.insert("a", kMaxTokenCount, "test"); });
  vocabulary.insert("a", kMaxTokenCount - 1, "test");
  EXPECT_EQ(vocabulary.token(kMaxTokenCount - 1), "a");
}

}  // namespace
}  // namespace blip
