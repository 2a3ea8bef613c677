#include "blip/tokenizer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;

struct Line {
  std::string text;
  std::vector<TokenId> ids;
  std::vector<TokenId> plain_ids;
  std::string decoded;
  std::string cleaned;
};

std::vector<Line> read_lines() {
  std::vector<Line> lines;
  std::ifstream file(BLIP_TEST_DATA "/lines.jsonl");
  for (std::string text; std::getline(file, text);) {
    const json row = json::parse(text);
    Line line;
    line.text = row["text"].get<std::string>();
    line.ids = row["ids"].get<std::vector<TokenId>>();
    line.plain_ids = row.value("plain_ids", line.ids);
    line.decoded = row["decoded"].get<std::string>();
    line.cleaned = row.value("cleaned", line.decoded);
    lines.push_back(std::move(line));
  }
  return lines;
}

class BertTokenizerTest : public ::testing::Test {
 protected:
  static BertTokenizer load() {
    const TemporaryDirectory directory;
    std::filesystem::copy_file(BLIP_TEST_DATA "/bert-base-uncased-vocab.txt",
                               directory.path() / "vocab.txt");
    return BertTokenizer::from_pretrained(directory.path());
  }

  const BertTokenizer tokenizer = load();
};

TEST_F(BertTokenizerTest, EncodesAsTransformers) {
  const std::vector<Line> lines = read_lines();
  ASSERT_GE(lines.size(), 200U);
  for (const Line& line : lines) {
    EXPECT_EQ(tokenizer.encode(line.text), line.ids) << line.text;
    EXPECT_EQ(tokenizer.encode(line.text, {.parse_special_tokens = false}), line.plain_ids)
        << line.text;
    const std::vector<TokenId> inner(line.ids.begin() + 1, line.ids.end() - 1);
    EXPECT_EQ(tokenizer.encode(line.text, {.add_special_tokens = false}), inner) << line.text;
  }
}

TEST_F(BertTokenizerTest, DecodesAsTransformers) {
  for (const Line& line : read_lines()) {
    DecodeOptions options{.skip_special_tokens = true};
    EXPECT_EQ(tokenizer.decode(line.ids, options), line.decoded);
    options.clean_up_tokenization_spaces = true;
    EXPECT_EQ(tokenizer.decode(line.ids, options), line.cleaned);
  }
}

// From the reference's own tests of the captioning checkpoints.
TEST_F(BertTokenizerTest, BlipsPromptAndCaption) {
  EXPECT_THAT(tokenizer.encode("a picture of "), ElementsAre(101, 1037, 3861, 1997, 102));
  const std::vector<TokenId> caption = {30522, 1037, 2450, 3564, 2006, 1996,
                                        3509,  2007, 2014, 3899, 102};
  EXPECT_EQ(tokenizer.decode(caption, {.skip_special_tokens = true}),
            "a woman sitting on the beach with her dog");
  EXPECT_EQ(tokenizer.decode(caption), "a woman sitting on the beach with her dog [SEP]");
}

TEST_F(BertTokenizerTest, IdsWithoutATokenVanish) {
  const std::vector<TokenId> ids = {-1, 30522, 1037, 30523, 2147483647, -2147483648, 3899};
  EXPECT_EQ(tokenizer.decode(ids), "a dog");
  EXPECT_EQ(tokenizer.decode({}), "");
}

TEST_F(BertTokenizerTest, KnowsItsSpecialTokens) {
  EXPECT_EQ(tokenizer.vocab_size(), 30522U);
  EXPECT_EQ(tokenizer.pad_token_id(), 0);
  EXPECT_EQ(tokenizer.unk_token_id(), 100);
  EXPECT_EQ(tokenizer.cls_token_id(), 101);
  EXPECT_EQ(tokenizer.sep_token_id(), 102);
  EXPECT_EQ(tokenizer.mask_token_id(), 103);
}

TEST_F(BertTokenizerTest, IllFormedUtf8IsDropped) {
  EXPECT_EQ(tokenizer.encode("a\xFF d\xE2\x82og\xED\xA0\x80"), tokenizer.encode("a dog"));
  EXPECT_EQ(tokenizer.encode("[SEP\xC3]"), tokenizer.encode("[SEP\xEF\xBF\xBD]"));
}

TEST_F(BertTokenizerTest, TakesLongTexts) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "dog ";
  EXPECT_EQ(tokenizer.encode(text).size(), 20'002U);
  EXPECT_THAT(tokenizer.encode(std::string(1'000'000, 'a')), ElementsAre(101, 100, 102));
}

TEST_F(BertTokenizerTest, ServesManyThreadsAtOnce) {
  const std::vector<Line> lines = read_lines();
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> threads;
  threads.reserve(wrong.size());
  for (int& count : wrong) {
    threads.emplace_back([&lines, &count, copy = tokenizer] {
      for (const Line& line : lines) count += copy.encode(line.text) != line.ids ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(wrong, ElementsAre(0, 0, 0, 0));
}

TEST(BertTokenizerFiles, AreNamedWhenSomethingIsWrong) {
  const auto load = [](const TemporaryDirectory& directory) {
    return [&] { static_cast<void>(BertTokenizer::from_pretrained(directory.path())); };
  };
  const TemporaryDirectory empty;
  expect_error(ErrorCode::not_found, "neither tokenizer.json nor vocab.txt is there", load(empty));
  expect_error(ErrorCode::not_found, "absent: neither",
               [&] { static_cast<void>(BertTokenizer::from_pretrained(empty.path() / "absent")); });

  const TemporaryDirectory folder;
  std::filesystem::create_directory(folder.path() / "vocab.txt");
  expect_error(ErrorCode::unreadable, "vocab.txt", load(folder));

  const TemporaryDirectory huge;
  std::filesystem::resize_file(huge.write("vocab.txt", ""), (std::uintmax_t{64} << 20) + 1);
  expect_error(ErrorCode::limit_exceeded, "vocab.txt", load(huge));

  const TemporaryDirectory broken;
  broken.write("vocab.txt", "[UNK]\n[CLS]\n[SEP]\n");
  broken.write("tokenizer_config.json", "{\"do_lower_case\": ");
  expect_error(ErrorCode::malformed, "tokenizer_config.json: not valid JSON", load(broken));
  broken.write("tokenizer_config.json", R"({"do_lower_case": "yes"})");
  expect_error(ErrorCode::malformed, "tokenizer_config.json: do_lower_case must be true or false",
               load(broken));
}

}  // namespace
}  // namespace blip
