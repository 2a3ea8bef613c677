#include "text/byte_pair_files.hpp"

#include <gtest/gtest.h>

#include <string>

#include "core/json_text.hpp"
#include "tests/core/expect_error.hpp"

namespace blip {
namespace {

Vocabulary vocabulary_of(std::initializer_list<const char*> tokens) {
  Vocabulary vocabulary;
  TokenId id = 0;
  for (const char* token : tokens) vocabulary.insert(token, id++, "test");
  return vocabulary;
}

void expect_merges_refused(const std::string& text, const std::string& message) {
  SCOPED_TRACE(text);
  const Vocabulary vocabulary = vocabulary_of({"a", "b", "ab", ""});
  expect_error(ErrorCode::malformed, "merges.txt: " + message,
               [&] { static_cast<void>(read_merges_txt(text, "merges.txt", vocabulary)); });
}

JsonDocument document_of(const std::string& text) {
  JsonDocument document;
  document.root = parse_json_object(text, "file.json");
  document.name = "file.json";
  return document;
}

void expect_model_refused(const std::string& model, ErrorCode code, const std::string& message) {
  SCOPED_TRACE(model);
  expect_error(code, "file.json: " + message, [&] {
    TokenizerSpec spec;
    static_cast<void>(read_byte_pair_model(document_of("{\"model\": " + model + "}"), spec));
  });
}

TEST(MergesTxt, LinesAreMerges) {
  const Vocabulary vocabulary = vocabulary_of({"a", "b", "ab", "abb"});
  const auto merges =
      read_merges_txt("#version: 0.2\na b\r\n#version again\nab b", "merges.txt", vocabulary);
  ASSERT_EQ(merges.size(), 2U);
  EXPECT_EQ(merges[0].merged, 2);
  EXPECT_EQ(merges[1].left, 2);
  EXPECT_EQ(merges[1].right, 1);
  EXPECT_EQ(merges[1].merged, 3);
  EXPECT_TRUE(read_merges_txt("", "merges.txt", vocabulary).empty());
}

TEST(MergesTxt, IsRefusedByLine) {
  expect_merges_refused("a b\n\na b\n", "line 2 is not two tokens with one blank between them");
  expect_merges_refused("a b \n", "line 1 is not two tokens");
  expect_merges_refused("a  b\n", "line 1 is not two tokens");
  expect_merges_refused("ab\n", "line 1 is not two tokens");
  expect_merges_refused("a b\na c\n", "line 2 merges to or from \"c\", which the vocabulary lacks");
  expect_merges_refused("a b\nab b\n", "line 2 merges to or from \"abb\"");
  expect_merges_refused("\xFF b\n", "line 1 is not two tokens");
}

TEST(VocabJson, GivesIds) {
  TokenizerSpec spec;
  read_vocab_json(document_of(R"({"a": 3, "b</w>": 0})"), spec);
  EXPECT_EQ(spec.vocabulary.find("a"), 3);
  EXPECT_EQ(spec.vocabulary.token(0), "b</w>");
  EXPECT_EQ(spec.vocabulary_file, "file.json");
  for (const char* text :
       {R"({"a": -1})", R"({"a": 4194304})", R"({"a": "1"})", R"({"a": 1.5})", R"({"a": null})"}) {
    expect_error(ErrorCode::malformed, "file.json: vocab must be", [&] {
      TokenizerSpec bad;
      read_vocab_json(document_of(text), bad);
    });
  }
}

TEST(BytePairModel, TakesBothFormsOfMerges) {
  TokenizerSpec spec;
  const auto merges = read_byte_pair_model(
      document_of(R"({"model": {"type": "BPE", "vocab": {"a": 0, "b c": 1, "ab c": 2, "b": 3,
                      "ab": 4}, "merges": ["a b", ["a", "b c"]]}})"),
      spec);
  ASSERT_EQ(merges.size(), 2U);
  EXPECT_EQ(merges[0].merged, 4);
  EXPECT_EQ(merges[1].merged, 2);
}

TEST(BytePairModel, IsRefusedByField) {
  expect_model_refused(R"({"type": "WordPiece"})", ErrorCode::unsupported,
                       "model: type \"WordPiece\" is not supported");
  expect_model_refused(R"({"merges": []})", ErrorCode::malformed, "model: vocab is not an object");
  expect_model_refused(R"({"vocab": [], "merges": []})", ErrorCode::malformed,
                       "model: vocab is not an object");
  expect_model_refused(R"({"vocab": {}})", ErrorCode::malformed, "model: merges is not a list");
  for (const char* merge : {"\"a\"", "\"a b c\"", "[\"a\"]", "[\"a\", 1]", "null", "[]"}) {
    expect_model_refused(std::string(R"({"vocab": {"a": 0}, "merges": [)") + merge + "]}",
                         ErrorCode::malformed, "model: merges has an entry that is not two tokens");
  }
  expect_model_refused(R"({"vocab": {"a": 0}, "merges": ["a b"]})", ErrorCode::malformed,
                       "model.merges: entry 0 merges to or from \"b\"");
}

TEST(OpenAiMerges, MakeTheVocabulary) {
  TokenizerSpec spec;
  const auto merges = read_openai_merges("a line\na b</w>\nc d\n", "bpe.txt", spec);
  ASSERT_EQ(merges.size(), 2U);
  EXPECT_EQ(spec.vocabulary.size(), 516U);
  EXPECT_EQ(spec.vocabulary.find("!"), 0);
  EXPECT_EQ(spec.vocabulary.find("!</w>"), 256);
  EXPECT_EQ(spec.vocabulary.find("ab</w>"), 512);
  EXPECT_EQ(spec.vocabulary.find("cd"), 513);
  EXPECT_EQ(spec.vocabulary.find("<|startoftext|>"), 514);
  EXPECT_EQ(spec.vocabulary.find("<|endoftext|>"), 515);
  expect_error(ErrorCode::malformed, "bpe.txt: line 2 is not two tokens", [] {
    TokenizerSpec bad;
    static_cast<void>(read_openai_merges("a line\nab\n", "bpe.txt", bad));
  });
  expect_error(ErrorCode::malformed, "bpe.txt: line 2 merges to or from \"xy\"", [] {
    TokenizerSpec bad;
    static_cast<void>(read_openai_merges("a line\nxy z\n", "bpe.txt", bad));
  });
}

}  // namespace
}  // namespace blip
