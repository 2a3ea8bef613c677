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

}  // namespace
}  // namespace blip
