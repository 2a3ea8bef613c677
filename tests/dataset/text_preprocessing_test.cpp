#include "dataset/text_preprocessing.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "core/open_file.hpp"

namespace blip::dataset {
namespace {

TEST(PreCaption, LowersAndReplacesPunctuation) {
  EXPECT_EQ(pre_caption("A man, on the left (tall), is SMILING!"),
            "a man, on the left tall , is smiling");
  EXPECT_EQ(pre_caption("what's a \"dog-house\"/barn? a & b"), "what's a dog-house /barn? a & b");
  EXPECT_EQ(pre_caption("..."), "");
  EXPECT_EQ(pre_caption(""), "");
}

TEST(PreCaption, LeavesASingleTabAlone) {
  EXPECT_EQ(pre_caption("a\tb"), "a\tb");
  EXPECT_EQ(pre_caption("a\t\tb"), "a b");
  EXPECT_EQ(pre_caption("a\xC2\xA0 b"), "a b");  // a no-break space is white space to Python
  EXPECT_EQ(pre_caption("a\xC2\xA0"
                        "b"),
            "a\xC2\xA0"
            "b");
}

TEST(PreCaption, StripsLineFeedsOnlyBeforeBlanks) {
  EXPECT_EQ(pre_caption(" a dog\n"), "a dog");
  EXPECT_EQ(pre_caption("a dog.\n"), "a dog");
  EXPECT_EQ(pre_caption("\na dog"), "\na dog");
}

TEST(PreCaption, KeepsTheFirstWords) {
  EXPECT_EQ(pre_caption("one two three four", 3), "one two three");
  EXPECT_EQ(pre_caption("one two three", 3), "one two three");
  EXPECT_EQ(pre_caption("one\ttwo three four", 2), "one\ttwo three");
}

TEST(PreQuestion, DeletesPunctuationWithoutABlank) {
  EXPECT_EQ(pre_question("What is the dog's name, e.g. (Rex)?"), "what is the dog's name, eg rex?");
  EXPECT_EQ(pre_question("  how  many ? ... "), "  how  many ?");
}

TEST(PreQuestion, CountsEmptyWords) {
  EXPECT_EQ(pre_question("a  b c", 3), "a  b");
}

TEST(PreCaption, LowersBeyondAscii) {
  EXPECT_EQ(pre_caption("ÉCOLE İ ẞ"), "école i\xCC\x87 ß");
  EXPECT_EQ(pre_caption("caf\xE9 A"), "caf\xE9 a");  // bytes that are not UTF-8 stay
}

// tools/reference/make_text_preprocessing_fixture.py made the cases with Python's own re and str.
TEST(TextPreprocessing, EqualsPythonsOnRandomStrings) {
  const auto cases =
      nlohmann::json::parse(read_text_file(BLIP_TEST_DATA "/text_preprocessing.json", 1U << 20U));
  ASSERT_GE(cases.size(), 300U);
  for (const auto& one : cases) {
    const std::string text = one.at("text");
    const std::size_t max_words = one.at("max_words");
    EXPECT_EQ(pre_caption(text, max_words), one.at("caption")) << one.dump();
    EXPECT_EQ(pre_question(text, max_words), one.at("question")) << one.dump();
  }
}

}  // namespace
}  // namespace blip::dataset
