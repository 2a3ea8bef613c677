// Against Python's own lower(), regular expressions and strings, by way of the fixture that
// tools/reference/make_task_fixtures.py writes.
#include "blip/text_style.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace blip {
namespace {

TEST(TextStyle, IsTheOriginals) {
  std::ifstream file(BLIP_SOURCE_DIR "/tests/tasks/data/expected.json");
  const auto cases = nlohmann::json::parse(file).at("text_style");
  ASSERT_GE(cases.size(), 30U);
  for (const auto& entry : cases) {
    const auto text = entry.at("text").get<std::string>();
    const int words = entry.at("max_words").get<int>();
    EXPECT_EQ(pre_caption(text, words), entry.at("pre_caption")) << text;
    EXPECT_EQ(pre_question(text, words), entry.at("pre_question")) << text;
  }
}

TEST(TextStyle, KeepsNoWordIfNoneAreAskedFor) {
  EXPECT_EQ(pre_caption("a b", 0), "");
  EXPECT_EQ(pre_question("a b c", 2), "a b");
}

// Python: pre_caption(b"...".decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
TEST(TextStyle, BytesThatAreNotUtf8ComeOutAsTheyWentIn) {
  EXPECT_EQ(pre_caption("caf\xE9 A."), "caf\xE9 a");
  EXPECT_EQ(pre_question("\xF0\x9F\x90 DOG\xFF?!"), "\xF0\x9F\x90 dog\xFF?");
  // Neither a letter nor ignored: a word ends before it.
  EXPECT_EQ(pre_caption("\u0391\u03A3\xE9\u0391"), "\u03B1\u03C2\xE9\u03B1");
  EXPECT_EQ(pre_caption("\xED\xB2\x80 A"), "\xED\xB2\x80 a");  // a surrogate's own bytes
}

}  // namespace
}  // namespace blip
