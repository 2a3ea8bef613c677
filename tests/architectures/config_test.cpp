#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "architectures/blip/config_text.hpp"
#include "blip/config.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

using nlohmann::json;

// The smallest config, with one change: a JSON merge patch.
BlipConfig parse_with(const json& patch) {
  json config = {{"model_type", "blip"}};
  for (const auto& [key, value] : patch.items()) config[key] = value;
  return parse_config(config.dump(), "config.json");
}

void expect_refused(const std::string& part, const json& patch,
                    ErrorCode code = ErrorCode::malformed) {
  SCOPED_TRACE(patch.dump());
  expect_error(code, part, [&] { parse_with(patch); });
}

// data/legacy holds the fields of Salesforce/blip-image-captioning-base as transformers 4 wrote
// them.
TEST(Config, ReadsALegacyFile) {
  const auto config = BlipConfig::from_pretrained(std::filesystem::path(BLIP_SOURCE_DIR) /
                                                  "tests/checkpoint/data/legacy");
  EXPECT_EQ(config.architecture, "BlipForConditionalGeneration");
  EXPECT_EQ(config.text_config.num_attention_heads, 12);
  EXPECT_EQ(config.text_config.vocab_size, 30524);
  EXPECT_EQ(config.text_config.layer_norm_eps, 1e-12F);
  EXPECT_EQ(config.vision_config.image_size, 384);
  EXPECT_EQ(config.vision_config.layer_norm_eps, 1e-5F);
  EXPECT_EQ(config.text_config.encoder_hidden_size, 768);
  EXPECT_EQ(config.text_config.generation.max_length, 20);
  EXPECT_EQ(config.text_config.generation.top_k, 50);
  EXPECT_EQ(config.text_config.generation.early_stopping, EarlyStopping::heuristic);
  EXPECT_EQ(config.text_config.generation.max_new_tokens, std::nullopt);
}

// data/v5 is what transformers 5.24 writes for a small model.
TEST(Config, ReadsAFileOfTransformers5) {
  const auto config = BlipConfig::from_pretrained(std::filesystem::path(BLIP_SOURCE_DIR) /
                                                  "tests/checkpoint/data/v5");
  EXPECT_EQ(config.text_config.vocab_size, 99);
  EXPECT_EQ(config.text_config.hidden_size, 32);
  EXPECT_EQ(config.text_config.intermediate_size, 37);
  EXPECT_EQ(config.text_config.num_hidden_layers, 2);
  EXPECT_EQ(config.text_config.num_attention_heads, 4);
  EXPECT_EQ(config.text_config.max_position_embeddings, 48);
  EXPECT_EQ(config.text_config.bos_token_id, 98);
  EXPECT_EQ(config.text_config.sep_token_id, 3);
  EXPECT_EQ(config.vision_config.hidden_size, 48);
  EXPECT_EQ(config.text_config.encoder_hidden_size, 48);
  EXPECT_EQ(config.vision_config.image_size, 30);
  EXPECT_EQ(config.vision_config.patch_size, 6);
  EXPECT_EQ(config.vision_config.layer_norm_eps, 1e-6F);
  EXPECT_EQ(config.projection_dim, 24);
  EXPECT_EQ(config.image_text_hidden_size, 16);
  EXPECT_TRUE(config.tie_word_embeddings);
}

TEST(Config, MissingAndNullFieldsTakeTheClassDefaults) {
  for (const json& patch :
       {json::object(), json{{"text_config", nullptr}, {"vision_config", nullptr}},
        json{{"text_config", {{"vocab_size", nullptr}, {"hidden_act", nullptr}}},
             {"projection_dim", nullptr},
             {"architectures", nullptr}}}) {
    const BlipConfig config = parse_with(patch);
    EXPECT_EQ(config.architecture, "");
    EXPECT_EQ(config.text_config.vocab_size, 30524);
    EXPECT_EQ(config.text_config.num_attention_heads, 8);  // 12 in every real file
    EXPECT_EQ(config.text_config.bos_token_id, 30522);
    EXPECT_EQ(config.text_config.eos_token_id, 2);
    EXPECT_EQ(config.text_config.sep_token_id, 102);
    EXPECT_EQ(config.vision_config.num_attention_heads, 12);
    EXPECT_EQ(config.vision_config.patch_size, 16);
    EXPECT_EQ(config.projection_dim, 512);
    EXPECT_TRUE(config.tie_word_embeddings);
  }
}

TEST(Config, TheVisionWidthIsWhatCrossAttentionReads) {
  const BlipConfig config =
      parse_with({{"text_config", {{"encoder_hidden_size", 5}}},
                  {"vision_config", {{"hidden_size", 1024}, {"num_attention_heads", 16}}}});
  EXPECT_EQ(config.text_config.encoder_hidden_size, 1024);
}

TEST(Config, LegacySectionsCountWhereTodaysAreAbsent) {
  EXPECT_EQ(parse_with({{"text_config_dict", {{"hidden_size", 64}}}}).text_config.hidden_size, 64);
  EXPECT_EQ(parse_with({{"vision_config_dict", {{"image_size", 64}}}, {"vision_config", nullptr}})
                .vision_config.image_size,
            64);
  EXPECT_EQ(parse_with({{"text_config_dict", {{"hidden_size", 64}}},
                        {"text_config", {{"hidden_size", 128}}}})
                .text_config.hidden_size,
            128);
}

TEST(Config, SizesMayBePairs) {
  const BlipConfig config = parse_with(
      {{"vision_config", {{"image_size", {112, 112}}, {"patch_size", json::array({8, 8})}}}});
  EXPECT_EQ(config.vision_config.image_size, 112);
  EXPECT_EQ(config.vision_config.patch_size, 8);
  expect_refused("image_size must be square", {{"vision_config", {{"image_size", {112, 96}}}}},
                 ErrorCode::unsupported);
  expect_refused("image_size must be a number or",
                 {{"vision_config", {{"image_size", {112, 112, 3}}}}});
}

TEST(Config, OfARepeatedKeyTheLastCounts) {
  EXPECT_EQ(parse_config(R"({"model_type":"blip","projection_dim":1,"projection_dim":2})", "c")
                .projection_dim,
            2);
}

TEST(Config, OtherModelsAreNotSupported) {
  expect_error(ErrorCode::unsupported, "c: is a \"llama\" model, not BLIP",
               [] { parse_config(R"({"model_type":"llama"})", "c"); });
  expect_error(ErrorCode::unsupported, "no model_type", [] { parse_config("{}", "c"); });
  expect_refused("text_config: hidden_act \"relu\" is not supported",
                 {{"text_config", {{"hidden_act", "relu"}}}}, ErrorCode::unsupported);
  expect_refused("vision_config: hidden_act \"gelu_new\"",
                 {{"vision_config", {{"hidden_act", "gelu_new"}}}}, ErrorCode::unsupported);
  expect_refused("num_channels must be 3", {{"vision_config", {{"num_channels", 1}}}},
                 ErrorCode::unsupported);
  expect_refused("is_decoder false", {{"text_config", {{"is_decoder", false}}}},
                 ErrorCode::unsupported);
}

TEST(Config, NamesTheFieldOfTheWrongType) {
  expect_refused("config.json: text_config: vocab_size must be a whole number, not text \"x\"",
                 {{"text_config", {{"vocab_size", "x"}}}});
  expect_refused("not 768.5", {{"text_config", {{"hidden_size", 768.5}}}});
  expect_refused("not true", {{"text_config", {{"hidden_size", true}}}});
  expect_refused("not a list", {{"text_config", {{"num_hidden_layers", json::array()}}}});
  expect_refused("layer_norm_eps must be a number", {{"text_config", {{"layer_norm_eps", "0"}}}});
  expect_refused("hidden_act must be text, not 3", {{"text_config", {{"hidden_act", 3}}}});
  expect_refused("text_config must be an object, not a list", {{"text_config", {1, 2}}});
  expect_refused("vision_config must be an object", {{"vision_config", 7}});
  expect_refused("model_type must be text", {{"model_type", 7}});
  expect_refused("architectures must be a list", {{"architectures", "Blip"}});
  expect_refused("architectures must be a list", {{"architectures", {1}}});
  expect_refused("tie_word_embeddings must be true or false", {{"tie_word_embeddings", 1}});
}

TEST(Config, RefusesSizesNoModelHas) {
  for (const char* field : {"vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers",
                            "num_attention_heads", "max_position_embeddings"}) {
    for (const json& value :
         {json(0), json(-1), json(2'000'000'000), json(INT64_MIN), json(UINT64_MAX), json(1e18)}) {
      expect_refused(std::string("text_config: ") + field + " must be",
                     {{"text_config", {{field, value}}}});
    }
  }
  expect_refused("image_size must be 1 to 16384", {{"vision_config", {{"image_size", 1 << 20}}}});
  expect_refused("hidden_size 768 is not a multiple of the 7",
                 {{"text_config", {{"num_attention_heads", 7}}}});
  expect_refused("hidden_size 8 is not a multiple of the 12",
                 {{"vision_config", {{"hidden_size", 8}}}});
  expect_refused("image_size 8 is smaller than the patch_size 16",
                 {{"vision_config", {{"image_size", 8}}}});
  expect_refused("layer_norm_eps must be 0.0 to 1.0", {{"text_config", {{"layer_norm_eps", -1}}}});
}

TEST(Config, TheStartTokenIsInTheVocabulary) {
  expect_refused("bos_token_id 30522 is outside the vocab_size of 100",
                 {{"text_config", {{"vocab_size", 100}}}});
  expect_refused("bos_token_id -1 is outside", {{"text_config", {{"bos_token_id", -1}}}});
  EXPECT_EQ(parse_with({{"text_config", {{"pad_token_id", -1}, {"eos_token_id", {1, 2}}}}})
                .text_config.pad_token_id,
            -1);
}

TEST(Config, SaysWhereTheJsonIsBroken) {
  const auto expect_broken = [](const std::string& part, std::string_view text) {
    SCOPED_TRACE(text.substr(0, 100));
    expect_error(ErrorCode::malformed, part, [&] { parse_config(text, "c"); });
  };
  expect_broken("c: not valid JSON at line 2, column 16 (byte 18)", "{\n \"model_type\": x}");
  expect_broken("not valid JSON at line 1, column 1", "");
  expect_broken("not valid JSON", "{\"a\": NaN}");
  expect_broken("not valid JSON", "{\"a\": 1e999}");
  expect_broken("not valid JSON", "{\"a\": \"\xff\"}");
  expect_broken("NUL byte", std::string_view("{}\0{", 4));
  expect_broken("expected a JSON object, found array", "[]");
  std::string deep = "{\"a\":" + std::string(200'000, '[');
  expect_broken("nested deeper than 128 levels", deep);
}

TEST(Config, NamesTheMissingFile) {
  const TemporaryDirectory directory;
  expect_error(ErrorCode::not_found, "config.json: no such file",
               [&] { BlipConfig::from_pretrained(directory.path()); });
  directory.write("config.json", std::string(4'000'001, ' '));
  expect_error(ErrorCode::limit_exceeded, "config.json: 4000001 bytes",
               [&] { BlipConfig::from_pretrained(directory.path()); });
}

}  // namespace
}  // namespace blip
