#include <gtest/gtest.h>

#include <string>

#include "architectures/blip/config_text.hpp"
#include "blip/config.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

BlipConfig config_with(const std::string& top, const std::string& text) {
  return parse_config(R"({"model_type":"blip")" + top + R"(,"text_config":{)" + text + "}}", "c");
}

TEST(GenerationConfig, ReadsEveryField) {
  const GenerationOptions options = parse_generation_config(
      R"({"max_length":12,"max_new_tokens":9,"min_length":2,"min_new_tokens":3,"num_beams":4,)"
      R"("length_penalty":-0.5,"early_stopping":true,"num_return_sequences":2,)"
      R"("repetition_penalty":1.5,"no_repeat_ngram_size":3,"do_sample":true,"temperature":0.7,)"
      R"("top_k":0,"top_p":0.9,"bos_token_id":1,"eos_token_id":[3],"use_cache":true,)"
      R"("transformers_version":"5.24.0","_from_model_config":true})",
      "g");
  EXPECT_EQ(options.max_length, 12);
  EXPECT_EQ(options.max_new_tokens, 9);
  EXPECT_EQ(options.min_length, 2);
  EXPECT_EQ(options.min_new_tokens, 3);
  EXPECT_EQ(options.num_beams, 4);
  EXPECT_EQ(options.length_penalty, -0.5F);
  EXPECT_EQ(options.early_stopping, EarlyStopping::when_full);
  EXPECT_EQ(options.num_return_sequences, 2);
  EXPECT_EQ(options.repetition_penalty, 1.5F);
  EXPECT_EQ(options.no_repeat_ngram_size, 3);
  EXPECT_EQ(options.do_sample, true);
  EXPECT_EQ(options.temperature, 0.7F);
  EXPECT_EQ(options.top_k, 0);
  EXPECT_EQ(options.top_p, 0.9F);
  EXPECT_EQ(options.seed, std::nullopt);
}

TEST(GenerationConfig, EarlyStoppingHasThreeValues) {
  const auto parse = [](const std::string& value) {
    return parse_generation_config(R"({"early_stopping":)" + value + "}", "g").early_stopping;
  };
  EXPECT_EQ(parse("true"), EarlyStopping::when_full);
  EXPECT_EQ(parse("false"), EarlyStopping::heuristic);
  EXPECT_EQ(parse("\"never\""), EarlyStopping::never);
  EXPECT_EQ(parse("null"), std::nullopt);
  expect_error(ErrorCode::malformed, "g: early_stopping must be", [&] { parse("\"always\""); });
  expect_error(ErrorCode::malformed, "g: early_stopping must be", [&] { parse("1"); });
}

TEST(GenerationConfig, RefusesValuesOutOfRange) {
  for (const char* text : {R"({"num_beams":0})", R"({"num_beams":1001})", R"({"max_length":-1})",
                           R"({"max_new_tokens":1e3})", R"({"top_p":1.5})", R"({"top_k":-1})",
                           R"({"repetition_penalty":0})", R"({"temperature":"hot"})",
                           R"({"do_sample":"yes"})", R"({"length_penalty":1e300})"}) {
    SCOPED_TRACE(text);
    expect_error(ErrorCode::malformed, "g: ", [&] { parse_generation_config(text, "g"); });
  }
}

// What model.generation_config holds in transformers 5.24 for the same files.
TEST(GenerationConfig, TheTopLevelWinsOverTheTextSection) {
  const TemporaryDirectory directory;
  const BlipConfig config =
      config_with(R"(,"max_length":12)", R"("max_length":30,"num_beams":3,"top_k":null)");
  const GenerationOptions options = load_generation_config(directory.path(), config);
  EXPECT_EQ(options.max_length, 12);
  EXPECT_EQ(options.num_beams, 3);
  EXPECT_EQ(options.top_k, std::nullopt);
}

TEST(GenerationConfig, TheFileReplacesTheFieldsOfConfigJson) {
  const TemporaryDirectory directory;
  const BlipConfig config = config_with("", R"("max_length":30,"num_beams":3)");
  directory.write("generation_config.json", R"({"max_length":12})");
  const GenerationOptions options = load_generation_config(directory.path(), config);
  EXPECT_EQ(options.max_length, 12);
  EXPECT_EQ(options.num_beams, std::nullopt);
  directory.write("generation_config.json", "{]");
  expect_error(ErrorCode::malformed, "generation_config.json: not valid JSON",
               [&] { load_generation_config(directory.path(), config); });
}

TEST(GenerationConfig, AFileOfTransformers5SaysNothing) {
  const std::filesystem::path directory = std::filesystem::path(BLIP_TEST_DATA) / "v5";
  const GenerationOptions options =
      load_generation_config(directory, BlipConfig::from_pretrained(directory));
  EXPECT_EQ(options.max_length, std::nullopt);
  EXPECT_EQ(options.num_beams, std::nullopt);
  EXPECT_EQ(options.do_sample, std::nullopt);
}

}  // namespace
}  // namespace blip
