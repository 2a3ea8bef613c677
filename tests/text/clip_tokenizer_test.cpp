// ClipTokenizer against what transformers' CLIPTokenizer gave.
#include "blip/clip_tokenizer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
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

ClipTokenizer small_tokenizer() {
  const TemporaryDirectory directory;
  std::filesystem::copy_file(BLIP_TEST_DATA "/clip-merges.txt",
                             directory.path() / "bpe_simple_vocab_16e6.txt");
  return ClipTokenizer::from_pretrained(directory.path());
}

std::vector<json> read_lines() {
  std::vector<json> lines;
  std::ifstream file(BLIP_TEST_DATA "/clip_lines.jsonl");
  for (std::string text; std::getline(file, text);) lines.push_back(json::parse(text));
  return lines;
}

TEST(ClipTokenizer, GivesTheIdsAndTextsThatTransformersGives) {
  const ClipTokenizer tokenizer = small_tokenizer();
  const std::vector<json> lines = read_lines();
  ASSERT_GE(lines.size(), 200U);
  for (const json& line : lines) {
    const auto text = line["text"].get<std::string>();
    const auto ids = line["ids"].get<std::vector<TokenId>>();
    EXPECT_EQ(tokenizer.encode(text), ids) << line["text"];
    EXPECT_EQ(tokenizer.encode(text, {.parse_special_tokens = false}), line.value("plain_ids", ids))
        << line["text"];
    EXPECT_EQ(tokenizer.encode(text, {.max_length = 8}), line.value("cut_ids", ids))
        << line["text"];
    EXPECT_EQ(tokenizer.decode(ids), line["shown"].get<std::string>());
    EXPECT_EQ(tokenizer.decode(ids, {.skip_special_tokens = true}),
              line["decoded"].get<std::string>());
  }
}

TEST(ClipTokenizer, KnowsItsSpecialTokens) {
  const ClipTokenizer tokenizer = small_tokenizer();
  EXPECT_EQ(tokenizer.vocab_size(), 2514U);
  const SpecialTokens ids = tokenizer.special_tokens();
  EXPECT_EQ(ids.bos, 2512);
  EXPECT_EQ(ids.eos, 2513);
  EXPECT_EQ(ids.unk, 2513);
  EXPECT_EQ(ids.pad, 2513);
  EXPECT_EQ(ids.cls, -1);
  EXPECT_EQ(ids.sep, -1);
  EXPECT_EQ(ids.mask, -1);
  EXPECT_EQ(tokenizer.model_max_length(), 77U);
}

TEST(ClipTokenizer, CutsTextsAtTheEnd) {
  const ClipTokenizer tokenizer = small_tokenizer();
  std::string text;
  for (int i = 0; i < 200; ++i) text += "the ";
  const auto ids = tokenizer.encode(text, {.max_length = 77});
  ASSERT_EQ(ids.size(), 77U);
  EXPECT_EQ(ids.front(), 2512);
  EXPECT_EQ(ids.back(), 2513);
  EXPECT_EQ(tokenizer.encode(text, {.add_special_tokens = false, .max_length = 5}).size(), 5U);
  EXPECT_THAT(tokenizer.encode(text, {.max_length = 2}), ElementsAre(2512, 2513));
  EXPECT_EQ(tokenizer.encode(text).size(), 202U);
  expect_error(ErrorCode::invalid_argument, "max_length is 1, and the 2 tokens around a text",
               [&] { static_cast<void>(tokenizer.encode(text, {.max_length = 1})); });
}

TEST(ClipTokenizer, IgnoresIdsWithoutAToken) {
  const ClipTokenizer tokenizer = small_tokenizer();
  const std::vector<TokenId> ids = {-1, 320, 2514, 2147483647, -2147483648};
  EXPECT_EQ(tokenizer.decode(ids), "a");
}

std::string unpacked(const std::string& file, const std::string& vocabulary) {
  constexpr std::string_view kBase64 = "base64:";
  const std::string placeholder = "\"<<VOCABULARY>>\"";
  if (file.starts_with(kBase64)) {
    constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string bytes;
    unsigned bits = 0;
    int count = 0;
    for (const char digit : file.substr(kBase64.size())) {
      const std::size_t value = kDigits.find(digit);
      if (value == std::string_view::npos) break;
      bits = bits << 6U | static_cast<unsigned>(value);
      count += 6;
      if (count < 8) continue;
      count -= 8;
      bytes += static_cast<char>(bits >> count & 0xFFU);
    }
    return bytes;
  }
  std::string text = file;
  if (const std::size_t found = text.find(placeholder); found != std::string::npos) {
    text.replace(found, placeholder.size(), vocabulary);
  }
  return text;
}

TEST(ClipTokenizer, LoadsEveryLayout) {
  std::ifstream stream(BLIP_TEST_DATA "/clip_checkpoints.json");
  const json data = json::parse(stream);
  const auto texts = data["texts"].get<std::vector<std::string>>();
  const auto vocabulary = data["vocabulary"].get<std::string>();
  ASSERT_GE(data["checkpoints"].size(), 20U);
  for (const json& checkpoint : data["checkpoints"]) {
    SCOPED_TRACE(checkpoint["name"].get<std::string>());
    const TemporaryDirectory directory;
    for (const auto& [name, index] : checkpoint["files"].items()) {
      const auto file = data["files"][index.get<std::size_t>()].get<std::string>();
      directory.write(name, unpacked(file, vocabulary));
    }
    const auto tokenizer = ClipTokenizer::from_pretrained(directory.path());
    const SpecialTokens ids = tokenizer.special_tokens();
    const std::vector<std::int64_t> info = {
        static_cast<std::int64_t>(tokenizer.vocab_size()),      ids.pad, ids.unk, ids.bos, ids.eos,
        static_cast<std::int64_t>(tokenizer.model_max_length())};
    EXPECT_EQ(info, checkpoint["info"].get<std::vector<std::int64_t>>());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const auto expected = checkpoint["ids"][i].get<std::vector<TokenId>>();
      EXPECT_EQ(tokenizer.encode(texts[i]), expected) << texts[i];
      EXPECT_EQ(tokenizer.decode(expected, {.skip_special_tokens = true}),
                checkpoint["decoded"][i].get<std::string>());
    }
  }
}

TEST(ClipTokenizer, ServesManyThreadsAtOnce) {
  const ClipTokenizer tokenizer = small_tokenizer();
  const std::vector<json> lines = read_lines();
  std::array<int, 4> wrong{};
  std::vector<std::thread> threads;
  for (int& count : wrong) {
    threads.emplace_back([&lines, &count, copy = tokenizer] {
      for (const json& line : lines) {
        const auto ids = copy.encode(line["text"].get<std::string>());
        count += ids != line["ids"].get<std::vector<TokenId>>() ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(wrong, ElementsAre(0, 0, 0, 0));
}

void expect_directory_refused(const TemporaryDirectory& directory, ErrorCode code,
                              const std::string& part) {
  expect_error(code, part,
               [&] { static_cast<void>(ClipTokenizer::from_pretrained(directory.path())); });
}

TEST(ClipTokenizerFiles, AreNamedWhenSomethingIsWrong) {
  const TemporaryDirectory empty;
  expect_directory_refused(empty, ErrorCode::not_found, "none of tokenizer.json, vocab.json");

  const TemporaryDirectory half;
  half.write("vocab.json", "{}");
  expect_directory_refused(half, ErrorCode::not_found, "vocab.json: merges.txt is missing");
  half.write("merges.txt", "");
  expect_directory_refused(half, ErrorCode::malformed, "vocab.json: the vocabulary lacks the byte");

  const TemporaryDirectory other;
  other.write("tokenizer.json", R"({"model": {"type": "WordPiece", "vocab": {}}})");
  expect_directory_refused(other, ErrorCode::unsupported, "\"WordPiece\" is not supported");
  other.write("tokenizer_config.json", R"({"tokenizer_class": "BertTokenizer"})");
  expect_directory_refused(other, ErrorCode::unsupported,
                           "tokenizer_config.json: tokenizer_class \"BertTokenizer\"");

  const TemporaryDirectory nameless;
  nameless.write("bpe_simple_vocab_16e6.txt", "header\na b\n");
  nameless.write("tokenizer_config.json", R"({"eos_token": null})");
  expect_directory_refused(nameless, ErrorCode::malformed, "no bos_token or no eos_token");

  const TemporaryDirectory packed;
  packed.write("bpe_simple_vocab_16e6.txt.gz", "no gzip file");
  expect_directory_refused(packed, ErrorCode::malformed,
                           "bpe_simple_vocab_16e6.txt.gz: truncated or damaged gzip file");
}

}  // namespace
}  // namespace blip
