// DALL-E's tokenizer against min-dalle's (tools/reference/make_dalle_fixtures.py).
#include "blip/dalle_tokenizer.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"
#include "text/emoji_names.hpp"

namespace blip {
namespace {

const nlohmann::json& dalle_lines() {
  static const nlohmann::json kLines = [] {
    std::ifstream file(std::string(BLIP_TEST_DATA) + "/dalle_tokenizer.json");
    return nlohmann::json::parse(file);
  }();
  return kLines;
}

std::string merges_text() {
  std::string text = "#version: 0.2\n";
  for (const auto& merge : dalle_lines().at("merges")) text += merge.get<std::string>() + "\n";
  return text;
}

TEST(DalleTokenizer, SplitsAsMinDalle) {
  const TemporaryDirectory directory;
  directory.write("vocab.json", dalle_lines().at("vocab").dump());
  directory.write("merges.txt", merges_text());
  const auto tokenizer = DalleTokenizer::from_pretrained(directory.path());
  for (const auto& line : dalle_lines().at("lines")) {
    EXPECT_EQ(tokenizer.encode(line.at("text").get<std::string>()),
              line.at("ids").get<std::vector<TokenId>>())
        << line;
  }
  EXPECT_EQ(tokenizer.vocab_size(), dalle_lines().at("vocab").size());
  EXPECT_EQ(tokenizer.special_tokens().eos, 2);
  EXPECT_EQ(tokenizer.encode("cat cat cat", {.max_length = 3}).size(), 3U);
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("a red cat"), {.skip_special_tokens = true}),
            "a red cat");
}

// A last line without its end counts for nothing, as in min-dalle.
TEST(DalleTokenizer, ReadsTheFilesOfMini) {
  const TemporaryDirectory directory;
  directory.write("vocab_mini.json", dalle_lines().at("vocab").dump());
  std::string merges = merges_text();
  merges.pop_back();
  directory.write("merges_mini.txt", merges);
  const auto tokenizer = DalleTokenizer::from_pretrained(directory.path());
  EXPECT_EQ(tokenizer.encode("cat").size(), 3U);
  // "_ f" is there, and "_f a", the last, is not.
  EXPECT_EQ(tokenizer.encode("_fa").size(), 5U);
}

TEST(DalleTokenizer, RefusesDamagedFiles) {
  const auto open = [](const std::string& vocab, const std::string& merges) {
    const TemporaryDirectory directory;
    directory.write("vocab.json", vocab);
    directory.write("merges.txt", merges);
    static_cast<void>(DalleTokenizer::from_pretrained(directory.path()));
  };
  expect_error(ErrorCode::malformed, "lacks \"</s>\"",
               [&] { open(R"({"<s>": 0, "<unk>": 3})", "#version\n"); });
  expect_error(ErrorCode::malformed, "lacks the byte", [&] { open(R"({"<s>": 0})", "\n"); });
  expect_error(ErrorCode::malformed, "which the vocabulary lacks",
               [&] { open(R"({"<s>": 0, "</s>": 2, "<unk>": 3})", "#version\nx y\n"); });
  const TemporaryDirectory empty;
  expect_error(ErrorCode::not_found, "vocab.json is missing",
               [&] { static_cast<void>(DalleTokenizer::from_pretrained(empty.path())); });
}

TEST(NameEmoji, TakesTheLongest) {
  EXPECT_EQ(name_emoji("a 🐶🐱."), "a dog_facecat_face.");
  EXPECT_EQ(name_emoji("👍🏽"), "thumbs_up_medium_skin_tone");
  EXPECT_EQ(name_emoji("👍"), "thumbs_up");
  EXPECT_EQ(name_emoji("1️⃣1"), "keycap_11");
  EXPECT_EQ(name_emoji("é\xFF"), "é\xFF");
}

}  // namespace
}  // namespace blip
