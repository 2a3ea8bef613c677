#include "text/tokenizer_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/core/expect_error.hpp"
#include "text/tokenizer_pipeline.hpp"

namespace blip {
namespace {

const std::string kVocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\n";

// tokenizer.json with its own settings counting, one part replaced.
TokenizerFiles fast_files(const std::string& part, const std::string& value) {
  std::string text = "{";
  const auto append = [&](const char* key, const char* usual) {
    if (text.size() > 1) text += ',';
    text.append("\"").append(key).append("\": ").append(part == key ? value : usual);
  };
  append("model", R"({"type": "WordPiece", "vocab": {"[UNK]": 0, "a": 7}})");
  append("added_tokens", "[]");
  append("normalizer", "null");
  append("pre_tokenizer", R"({"type": "BertPreTokenizer"})");
  append("post_processor", "null");
  append("decoder", "null");
  text += '}';
  TokenizerFiles files;
  files.tokenizer_json = {"tokenizer.json", text};
  files.tokenizer_config = {"tokenizer_config.json",
                            R"({"tokenizer_class": "PreTrainedTokenizerFast"})"};
  return files;
}

TokenizerFiles files_with_config(const std::string& config) {
  TokenizerFiles files;
  files.vocab_txt = {"vocab.txt", kVocabulary};
  files.tokenizer_config = {"tokenizer_config.json", config};
  return files;
}

void expect_refused(const TokenizerFiles& files, ErrorCode code, const std::string& part) {
  SCOPED_TRACE(part);
  expect_error(code, part, [&] { const TokenizerPipeline pipeline(make_tokenizer_spec(files)); });
}

void expect_part_refused(const std::string& part, const std::string& value, ErrorCode code,
                         const std::string& message) {
  expect_refused(fast_files(part, value), code, "tokenizer.json: " + message);
}

TEST(TokenizerConfig, SaysHowLongATextMayBe) {
  const auto most = [](const std::string& config) {
    return make_tokenizer_spec(files_with_config(config)).model_max_length;
  };
  EXPECT_EQ(most(R"({"model_max_length": 512})"), 512U);
  EXPECT_EQ(most(R"({"model_max_length": 1000000000000000019884624838656})"), 0U);
  EXPECT_EQ(most("{}"), 0U);
}

TEST(VocabTxt, LineEndings) {
  TokenizerFiles files;
  files.vocab_txt = {"vocab.txt", "[UNK]\r\n[CLS] \t\r\n[SEP]\xE3\x80\x80\n\nx\ry\n[UNK]\nlast"};
  const TokenizerPipeline pipeline(make_tokenizer_spec(files));
  EXPECT_EQ(pipeline.id_of("[CLS]"), 1);
  EXPECT_EQ(pipeline.id_of("[SEP]"), 2);
  EXPECT_EQ(pipeline.id_of(""), 3);
  EXPECT_EQ(pipeline.id_of("x\ry"), 4);
  EXPECT_EQ(pipeline.id_of("[UNK]"), 5);  // the later of two lines
  EXPECT_EQ(pipeline.id_of("last"), 6);
  EXPECT_EQ(pipeline.id_of("[PAD]"), 6);  // numbered from the count of distinct tokens, as Hugging
  EXPECT_EQ(pipeline.vocab_size(), 8U);   // Face does, so that it shares an id here
}

TEST(VocabTxt, NeedsWhatBertNeeds) {
  for (const char* token : {"[UNK]", "[CLS]", "[SEP]"}) {
    TokenizerFiles files = files_with_config("{}");
    std::string& text = files.vocab_txt->bytes;
    text.erase(text.find(token), 6);
    expect_refused(files, ErrorCode::malformed, "vocab.txt: the vocabulary lacks");
    expect_refused(files, ErrorCode::malformed, token);
  }
  TokenizerFiles files = files_with_config("{}");
  files.vocab_txt->bytes += "\xFF";
  expect_refused(files, ErrorCode::malformed, "vocab.txt: line 8 is not UTF-8");
  expect_refused({}, ErrorCode::not_found, "no vocabulary");
}

TEST(TokenizerJson, RefusesOtherKinds) {
  const auto unsupported = ErrorCode::unsupported;
  expect_part_refused("model", R"({"type": "BPE", "vocab": {}})", unsupported,
                      "model: type \"BPE\" is not supported");
  expect_part_refused("normalizer", R"({"type": "NFC"})", unsupported,
                      "normalizer: type is not supported: only BertNormalizer is");
  expect_part_refused("pre_tokenizer", R"({"type": "Whitespace"})", unsupported,
                      "pre_tokenizer: type is not supported");
  expect_part_refused("pre_tokenizer", "null", unsupported, "pre_tokenizer is missing");
  expect_part_refused("decoder", R"({"type": "ByteLevel"})", unsupported, "decoder: type");
  expect_part_refused("post_processor", R"({"type": "RobertaProcessing"})", unsupported,
                      "post_processor: type \"RobertaProcessing\" is not supported");
  expect_part_refused("post_processor",
                      R"({"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A"}},
                          {"Sequence": {"id": "A"}}]})",
                      unsupported, "post_processor: single is not one text among special tokens");
}

TEST(TokenizerJson, RefusesBrokenParts) {
  const auto malformed = ErrorCode::malformed;
  expect_part_refused("model", "null", malformed, "model is missing");
  expect_part_refused("model", "[]", malformed, "model must be an object");
  expect_part_refused("model", R"({"vocab": []})", malformed, "model: vocab is not an object");
  expect_part_refused("model", R"({"vocab": {"a": "b"}})", malformed,
                      "model: vocab must be a whole number");
  expect_part_refused("model", R"({"vocab": {"a": 1.5}})", malformed, "model: vocab must be");
  expect_part_refused("model", R"({"vocab": {"a": 4194304}})", malformed, "model: vocab must be");
  expect_part_refused("model", R"({"vocab": {"a": 0}})", malformed,
                      "the vocabulary lacks unk_token \"[UNK]\"");
  expect_part_refused("model", R"({"vocab": {"[UNK]": 0}, "max_input_chars_per_word": -1})",
                      malformed, "model: max_input_chars_per_word must be");
  expect_part_refused("added_tokens", "{}", malformed, "added_tokens is not a list");
  expect_part_refused("added_tokens", "[1]", malformed, "added_tokens has an entry");
  expect_part_refused("added_tokens", R"([{"id": 1}])", malformed,
                      "added_tokens: content is missing");
  expect_part_refused("added_tokens", R"([{"content": "x"}])", malformed,
                      "added_tokens: id is missing");
  expect_part_refused("post_processor", R"({"type": "BertProcessing", "cls": 1})", malformed,
                      "post_processor: cls is not a token and its id");
  expect_part_refused("post_processor", R"({"type": "TemplateProcessing", "single": [1]})",
                      ErrorCode::unsupported, "post_processor: single");
  expect_part_refused("post_processor", R"({"type": "TemplateProcessing", "single": []})",
                      malformed, "post_processor: single has no place for the text");
  expect_part_refused(
      "post_processor",
      R"({"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "X"}}]})", malformed,
      "post_processor: special_tokens does not list the ids of \"X\"");
}

TEST(TokenizerJson, ATemplateHasFewIds) {
  std::string ids;
  for (int i = 0; i < 501; ++i) ids += i > 0 ? ",7" : "7";
  const auto processor = [&](const std::string& before, const std::string& after) {
    return R"({"type": "TemplateProcessing", "single": [)" + before +
           R"({"Sequence": {"id": "A"}})" + after + R"(], "special_tokens": {"X": {"ids": [)" +
           ids + "]}}}";
  };
  const std::string token = R"({"SpecialToken": {"id": "X"}})";
  const TokenizerSpec spec =
      make_tokenizer_spec(fast_files("post_processor", processor(token + ",", "," + token)));
  EXPECT_EQ(spec.before->size(), 501U);
  EXPECT_EQ(spec.after->size(), 501U);
  const char* const refusal = "post_processor: single puts more than 1000 ids beside a text";
  expect_part_refused("post_processor", processor(token + "," + token + ",", ""),
                      ErrorCode::limit_exceeded, refusal);
  expect_part_refused("post_processor", processor("", "," + token + "," + token),
                      ErrorCode::limit_exceeded, refusal);
}

TEST(TokenizerJson, IdsMayHaveHoles) {
  const TokenizerPipeline pipeline(make_tokenizer_spec(fast_files("", "")));
  EXPECT_THAT(pipeline.encode("a A", {}), ::testing::ElementsAre(7, 0));
  const std::vector<TokenId> ids = {0, 3, 7};
  EXPECT_EQ(pipeline.decode(ids, {}), "[UNK] a");
}

TEST(TokenizerConfig, RefusesBrokenFields) {
  const auto refused = [](const std::string& config, const std::string& part) {
    expect_refused(files_with_config(config), ErrorCode::malformed,
                   "tokenizer_config.json: " + part);
  };
  refused("[]", "expected a JSON object");
  refused(R"({"tokenizer_class": 1})", "tokenizer_class must be text");
  refused(R"({"cls_token": 1})", "cls_token is neither text nor an added token");
  refused(R"({"cls_token": {"content": ""}})", "cls_token: content is missing");
  refused(R"({"strip_accents": "no"})", "strip_accents must be true or false");
  refused(R"({"added_tokens_decoder": []})", "added_tokens_decoder is not an object");
  refused(R"({"added_tokens_decoder": {"x": {"content": "y"}}})",
          "added_tokens_decoder has the key \"x\", which is not a number");
  refused(R"({"added_tokens_decoder": {"1": 2}})", "added_tokens_decoder has an entry");
  refused(R"({"additional_special_tokens": "x"})", "additional_special_tokens is neither");
  expect_refused(files_with_config(R"({"sep_token": null})"), ErrorCode::malformed,
                 "vocab.txt: the vocabulary lacks sep_token");
  expect_refused(files_with_config(R"({"sep_token": "<s>"})"), ErrorCode::malformed,
                 "vocab.txt: the vocabulary lacks sep_token \"<s>\"");
}

TEST(TokenizerConfig, TokensThatAreNotThere) {
  const TokenizerPipeline pipeline(
      make_tokenizer_spec(files_with_config(R"({"mask_token": null, "pad_token": "<pad>"})")));
  EXPECT_EQ(pipeline.id_of(pipeline.spec().pad_token), 7);  // added after the vocabulary's seven
  EXPECT_EQ(pipeline.id_of(pipeline.spec().mask_token), Vocabulary::kNone);
}

// Already while the files are read, before any is given an id.
TEST(TokenizerConfig, TooManyTokensAreRefused) {
  const auto with = [](int count) {
    std::string tokens;
    for (int i = 0; i < count; ++i) tokens += (i > 0 ? ",\"<" : "\"<") + std::to_string(i) + ">\"";
    return files_with_config(R"({"additional_special_tokens": [)" + tokens + "]}");
  };
  EXPECT_NO_THROW(static_cast<void>(make_tokenizer_spec(with(4'000))));
  expect_error(ErrorCode::limit_exceeded, "vocab.txt: more added tokens than 4096",
               [&] { static_cast<void>(make_tokenizer_spec(with(4'097))); });
}

TEST(LegacyAddedTokens, MustBeNumbers) {
  TokenizerFiles files = files_with_config("{}");
  files.added_tokens = {"added_tokens.json", R"({"[DEC]": "x"})"};
  expect_refused(files, ErrorCode::malformed, "added_tokens.json: added tokens have no number");
}

}  // namespace
}  // namespace blip
