#include "app/captions/caption_edits.hpp"

#include <gtest/gtest.h>

namespace blip::app {
namespace {

std::string cut(const std::string& caption, std::uint64_t characters) {
  return edited(caption, {.max_characters = characters});
}

TEST(CaptionEdits, PrefixAndSuffixAreSetOffByABlankOfTheirs) {
  EXPECT_EQ(edited("a cat", {}), "a cat");
  EXPECT_EQ(edited("a cat", {.prefix = "sks,", .suffix = "on film"}), "sks, a cat on film");
  EXPECT_EQ(edited("a cat", {.prefix = "sks, ", .suffix = ", film"}), "sks, a cat, film");
  EXPECT_EQ(edited("", {.prefix = "sks", .suffix = "film"}), "sks film");
}

TEST(CaptionEdits, LongOnesAreCutAtAWord) {
  EXPECT_EQ(cut("a cat on a sofa", 15), "a cat on a sofa");
  EXPECT_EQ(cut("a cat on a sofa", 14), "a cat on a");
  EXPECT_EQ(cut("a cat on a sofa", 10), "a cat on a");
  EXPECT_EQ(cut("a cat on a sofa", 9), "a cat on");
  EXPECT_EQ(cut("a cat, and a dog", 8), "a cat");
  EXPECT_EQ(cut("a cat", 1), "a");
}

TEST(CaptionEdits, AWordThatIsLongerThanAllIsCutItself) {
  EXPECT_EQ(cut("extraordinary cats", 5), "extra");
}

TEST(CaptionEdits, CharactersAreNotBytes) {
  EXPECT_EQ(cut("gr\u00fc\u00dfe an alle", 5), "gr\u00fc\u00dfe");
  EXPECT_EQ(cut("\u65e5\u672c\u8a9e", 2), "\u65e5\u672c");
}

TEST(CaptionEdits, PrefixAndSuffixStayWholeIfTheyLeaveRoom) {
  const CaptionEdits edits = {.prefix = "sks", .suffix = "photo", .max_characters = 16};
  EXPECT_EQ(edited("a cat on a sofa", edits), "sks a cat photo");
  EXPECT_EQ(edited("a cat", {.prefix = "one two three", .max_characters = 8}), "one two");
}

}  // namespace
}  // namespace blip::app
