// SiglipTokenizer and GemmaTokenizer against what transformers' classes of these names gave
// (tools/reference/make_siglip_text_fixtures.py).
#include "blip/siglip_tokenizer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "blip/gemma_tokenizer.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;

const std::string kSiglip = BLIP_TEST_DATA "/siglip";
const std::string kGemma = BLIP_TEST_DATA "/siglip2";

std::vector<json> lines_of(const std::string& file) {
  std::vector<json> lines;
  std::ifstream stream(std::string(BLIP_TEST_DATA) + "/" + file);
  for (std::string text; std::getline(stream, text);) lines.push_back(json::parse(text));
  return lines;
}

void expect_lines(const Tokenizer& tokenizer, const std::string& file) {
  const std::vector<json> lines = lines_of(file);
  ASSERT_GE(lines.size(), 70U);
  for (const json& line : lines) {
    const auto text = line["text"].get<std::string>();
    const auto ids = line["ids"].get<std::vector<TokenId>>();
    EXPECT_EQ(tokenizer.encode(text), ids) << line["text"];
    EXPECT_EQ(tokenizer.encode(text, {.max_length = 8}), line.value("cut_ids", ids))
        << line["text"];
    EXPECT_EQ(tokenizer.decode(ids), line["shown"].get<std::string>()) << line["text"];
    EXPECT_EQ(tokenizer.decode(ids, {.skip_special_tokens = true}),
              line["decoded"].get<std::string>())
        << line["text"];
  }
}

// A directory with a copy of one of these tokenizers and another configuration.
class TokenizerCopy {
 public:
  TokenizerCopy(const std::string& from, const char* file, const json& changes) {
    std::filesystem::copy_file(from + "/" + file, path() / file);
    std::ifstream stream(from + "/tokenizer_config.json");
    json config = json::parse(stream);
    config.update(changes);
    std::ofstream(path() / "tokenizer_config.json") << config;
  }
  [[nodiscard]] const std::filesystem::path& path() const { return directory_.path(); }

 private:
  TemporaryDirectory directory_;
};

TEST(SiglipTokenizer, GivesTheIdsAndTextsThatTransformersGives) {
  const SiglipTokenizer tokenizer = SiglipTokenizer::from_pretrained(kSiglip);
  expect_lines(tokenizer, "siglip_lines.jsonl");
  for (const json& line : lines_of("siglip_lines.jsonl")) {
    EXPECT_EQ(tokenizer.encode(line["text"].get<std::string>(), {.parse_special_tokens = false}),
              line.value("plain_ids", line["ids"]).get<std::vector<TokenId>>())
        << line["text"];
  }
}

TEST(SiglipTokenizer, KnowsItsSpecialTokens) {
  const SiglipTokenizer tokenizer = SiglipTokenizer::from_pretrained(kSiglip);
  EXPECT_EQ(tokenizer.vocab_size(), 600U);
  EXPECT_EQ(tokenizer.model_max_length(), 64U);
  const SpecialTokens ids = tokenizer.special_tokens();
  EXPECT_EQ(ids.eos, 1);
  EXPECT_EQ(ids.pad, 1);
  EXPECT_EQ(ids.unk, 2);
  EXPECT_EQ(ids.bos, -1);
  EXPECT_EQ(ids.mask, -1);
}

TEST(SiglipTokenizer, CutsTextsAtTheEnd) {
  const SiglipTokenizer tokenizer = SiglipTokenizer::from_pretrained(kSiglip);
  std::string text;
  for (int i = 0; i < 200; ++i) text += "the ";
  const auto ids = tokenizer.encode(text, {.max_length = 64});
  ASSERT_EQ(ids.size(), 64U);
  EXPECT_EQ(ids.back(), 1);
  EXPECT_NE(ids[62], 1);
  EXPECT_THAT(tokenizer.encode(text, {.max_length = 1}), ElementsAre(1));
  EXPECT_EQ(tokenizer.encode(text, {.add_special_tokens = false, .max_length = 5}).size(), 5U);
}

TEST(SiglipTokenizer, ReplacesWhatIsNotUtf8) {
  const SiglipTokenizer tokenizer = SiglipTokenizer::from_pretrained(kSiglip);
  EXPECT_EQ(tokenizer.encode("a \xFF\xFE b"), tokenizer.encode("a \xEF\xBF\xBD\xEF\xBF\xBD b"));
}

TEST(SiglipTokenizer, LowersNothingWhereTheFileSaysSo) {
  const TokenizerCopy cased(kSiglip, "spiece.model", {{"do_lower_case", false}});
  const SiglipTokenizer tokenizer = SiglipTokenizer::from_pretrained(cased.path());
  EXPECT_EQ(tokenizer.encode("a photo"),
            SiglipTokenizer::from_pretrained(kSiglip).encode("a photo"));
  EXPECT_THAT(tokenizer.encode("PHOTO"), ::testing::Contains(2));  // no capitals in the model
}

TEST(SiglipTokenizer, RefusesWhatIsNotItsOwn) {
  const TokenizerCopy other(kSiglip, "spiece.model", {{"tokenizer_class", "T5Tokenizer"}});
  expect_error(ErrorCode::unsupported, "\"T5Tokenizer\" is not supported",
               [&] { static_cast<void>(SiglipTokenizer::from_pretrained(other.path())); });
  const TemporaryDirectory empty;
  expect_error(ErrorCode::not_found, "neither spiece.model nor tokenizer.json is there",
               [&] { static_cast<void>(SiglipTokenizer::from_pretrained(empty.path())); });
  const TokenizerCopy endless(kSiglip, "spiece.model", {{"eos_token", nullptr}});
  expect_error(ErrorCode::malformed, "its configuration has no eos_token",
               [&] { static_cast<void>(SiglipTokenizer::from_pretrained(endless.path())); });
}

TEST(SiglipTokenizer, IsSharedBetweenThreads) {
  const SiglipTokenizer tokenizer = SiglipTokenizer::from_pretrained(kSiglip);
  const auto expected = tokenizer.encode("a photo of two dogs");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 100; ++k) EXPECT_EQ(tokenizer.encode("a photo of two dogs"), expected);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(GemmaTokenizer, GivesTheIdsAndTextsThatTransformersGives) {
  expect_lines(GemmaTokenizer::from_pretrained(kGemma), "siglip2_lines.jsonl");
}

TEST(GemmaTokenizer, KnowsItsSpecialTokens) {
  const GemmaTokenizer tokenizer = GemmaTokenizer::from_pretrained(kGemma);
  EXPECT_EQ(tokenizer.vocab_size(), 700U);
  EXPECT_EQ(tokenizer.model_max_length(), 64U);
  const SpecialTokens ids = tokenizer.special_tokens();
  EXPECT_EQ(ids.pad, 0);
  EXPECT_EQ(ids.eos, 1);
  EXPECT_EQ(ids.bos, 2);
  EXPECT_EQ(ids.unk, 3);
  EXPECT_EQ(ids.mask, 4);
}

TEST(GemmaTokenizer, IsTheOneThatTheFileNames) {
  const std::vector<TokenId> cased = GemmaTokenizer::from_pretrained(kGemma).encode("A Photo");
  const std::vector<TokenId> lower = GemmaTokenizer::from_pretrained(kGemma).encode("a photo");
  ASSERT_NE(cased, lower);
  const TokenizerCopy siglip2(kGemma, "tokenizer.json", {{"tokenizer_class", "Siglip2Tokenizer"}});
  EXPECT_EQ(GemmaTokenizer::from_pretrained(siglip2.path()).encode("A Photo"), lower);
  const TokenizerCopy plain(kGemma, "tokenizer.json", {{"tokenizer_class", "TokenizersBackend"}});
  EXPECT_EQ(GemmaTokenizer::from_pretrained(plain.path()).encode("A Photo"), cased);
  const TokenizerCopy begun(kGemma, "tokenizer.json",
                            {{"add_bos_token", true}, {"add_eos_token", false}});
  EXPECT_EQ(GemmaTokenizer::from_pretrained(begun.path()).encode("A Photo"), cased);
  const TokenizerCopy other(kGemma, "tokenizer.json", {{"tokenizer_class", "LlamaTokenizer"}});
  expect_error(ErrorCode::unsupported, "\"LlamaTokenizer\" is not supported",
               [&] { static_cast<void>(GemmaTokenizer::from_pretrained(other.path())); });
}

TEST(GemmaTokenizer, RefusesOtherTokenizers) {
  std::ifstream stream(kGemma + "/tokenizer.json");
  const json document = json::parse(stream);
  const TemporaryDirectory directory;
  const auto expect_refusal = [&](ErrorCode code, const char* message, const json& changed) {
    std::ofstream(directory.path() / "tokenizer.json") << changed;
    expect_error(code, message,
                 [&] { static_cast<void>(GemmaTokenizer::from_pretrained(directory.path())); });
  };
  json changed = document;
  changed["normalizer"] = nullptr;
  expect_refusal(ErrorCode::unsupported, "does not replace blanks", changed);
  changed["normalizer"] = {{"type", "NFKC"}};
  expect_refusal(ErrorCode::unsupported, "\"NFKC\" is not supported here", changed);
  changed = document;
  changed["pre_tokenizer"] = {{"type", "Metaspace"}};
  expect_refusal(ErrorCode::unsupported, "Split at blanks is", changed);
  changed = document;
  changed["model"]["byte_fallback"] = false;
  expect_refusal(ErrorCode::unsupported, "byte_fallback", changed);
  changed = document;
  changed["model"]["vocab"].erase("<0x41>");
  expect_refusal(ErrorCode::malformed, "the vocabulary lacks the byte <0x41>", changed);
  changed = document;
  changed["model"]["type"] = "Unigram";
  expect_refusal(ErrorCode::unsupported, "only BPE is", changed);
}

}  // namespace
}  // namespace blip
