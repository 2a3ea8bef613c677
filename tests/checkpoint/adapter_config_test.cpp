#include "checkpoint/adapter_config.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "tests/core/expect_error.hpp"

namespace blip {
namespace {

constexpr const char* kQuery = "text_decoder.bert.encoder.layer.1.attention.self.query";

// A configuration of LoRA with these fields besides.
AdapterConfig config_with(const std::string& fields) {
  return parse_adapter_config(R"({"peft_type": "LORA", "target_modules": ["query"])" +
                                  (fields.empty() ? "}" : ", " + fields + "}"),
                              "a.json");
}

AdapterTargets targets_with(const std::string& fields) {
  return parse_adapter_config(R"({"peft_type": "LORA", )" + fields + "}", "a.json").targets;
}

TEST(AdapterConfig, HasTheDefaultsOfPeft) {
  const AdapterConfig config = config_with("");
  EXPECT_EQ(config.rank, 8);
  EXPECT_EQ(config.alpha, 8.0);
  EXPECT_EQ(config.base_model, "");
  EXPECT_EQ(config.scale_of(kQuery), 1.0);
}

TEST(AdapterConfig, ScalesByAlphaAndRank) {
  EXPECT_EQ(config_with(R"("r": 4, "lora_alpha": 16)").scale_of(kQuery), 4.0);
  EXPECT_EQ(config_with(R"("r": 4, "lora_alpha": 16, "use_rslora": true)").scale_of(kQuery), 8.0);
  EXPECT_DOUBLE_EQ(config_with(R"("r": 3, "lora_alpha": 2.5, "use_rslora": true)").scale_of(kQuery),
                   2.5 / std::sqrt(3.0));
}

TEST(AdapterConfig, TakesTheFirstPatternOfTheFileThatMatches) {
  const AdapterConfig config = config_with(
      R"json("r": 4, "lora_alpha": 8,
             "rank_pattern": {"self.query": 2, "query": 16, "layer\\.1\\..*key": 32},
             "alpha_pattern": {"y": 100, "quer": 200, "layer.1.attention.self.(query|value)": 6})json");
  EXPECT_EQ(config.rank_of(kQuery), 2);
  EXPECT_EQ(config.scale_of(kQuery), 3.0);
  EXPECT_EQ(config.rank_of("x.crossattention.self0.query"), 16);
  EXPECT_EQ(config.rank_of("text.encoder.layer.1.attention.self.key"), 32);
  EXPECT_EQ(config.rank_of("text.encoder.layer.11.attention.self.key"), 4);
  // Whole parts of names: "y" is none.
  EXPECT_EQ(config.scale_of("query"), 0.5);
}

TEST(AdapterConfig, RefusesWhatIsNotPlainLoraByItsName) {
  const auto refused = [](const std::string& fields, const std::string& part) {
    expect_error(ErrorCode::unsupported, part, [&] { config_with(fields); });
  };
  refused(R"("peft_type": "IA3")", "a.json: peft_type is \"IA3\"; of PEFT's methods only LORA");
  refused(R"("peft_type": null)", "peft_type is missing");
  refused(R"("use_dora": true)", "use_dora asks for DoRA, which is not supported, only LoRA is");
  refused(R"("use_bdlora": {"nblocks": 2})", "use_bdlora asks for block-diagonal LoRA");
  refused(R"("trainable_token_indices": [5])", "trainable_token_indices asks for trainable tokens");
  refused(R"("target_parameters": ["a.b"])", "target_parameters asks for");
  refused(R"("layer_replication": [[0, 2]])", "layer_replication asks for replicated layers");
  refused(R"("init_lora_weights": "pissa_niter_4")", "init_lora_weights is text \"pissa_niter_4\"");
  refused(R"("init_lora_weights": "loftq")", "have PEFT convert the adapter");
  refused(R"("use_something": true)", "\"use_something\" is not known");
  // What is off is off.
  EXPECT_NO_THROW(config_with(R"("use_dora": false, "use_bdlora": null, "target_parameters": [],
                                 "trainable_token_indices": null, "init_lora_weights": "gaussian",
                                 "use_something": false, "loftq_config": {})"));
}

TEST(AdapterConfig, RefusesWhatIsOutOfRange) {
  const auto refused = [](const std::string& fields, const std::string& part,
                          ErrorCode code = ErrorCode::malformed) {
    expect_error(code, part, [&] { config_with(fields); });
  };
  refused(R"("r": 0)", "a.json: r must be 1 to 16384, not 0");
  refused(R"("r": 99999999999999999999)", "r must be");
  refused(R"("lora_alpha": 1e300)", "lora_alpha must be");
  refused(R"("rank_pattern": {"query": -1})", "rank_pattern must be 1 to 16384");
  refused(R"("rank_pattern": ["query"])", "rank_pattern must be an object");
  refused(R"("alpha_pattern": {"(": 1})", "alpha_pattern: ");
  refused(R"("alpha_pattern": {"(": 1})", "is no regular expression");
  refused(R"("target_modules": {"a": 1})", "target_modules must be a list of names");
  refused(R"("modules_to_save": [1])", "modules_to_save must be a list of names");
  std::string many = "{";
  for (int i = 0; i < 1001; ++i) many += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\": 1";
  refused(R"("rank_pattern": )" + many + "}", "rank_pattern has too many patterns",
          ErrorCode::limit_exceeded);
  refused(R"("target_modules": ")" + std::string(30'000, 'a') + "\"", "at most 20000 are read",
          ErrorCode::limit_exceeded);
}

TEST(AdapterTargets, ExpressionsAreFew) {
  for (const std::string key : {"modules_to_save", "layers_pattern"}) {
    std::string names;
    for (int i = 0; i < 100; ++i) names += (i > 0 ? ",\"m" : "\"m") + std::to_string(i) + "\"";
    const auto with = [&](const std::string& list) {
      targets_with(R"("target_modules": ["query"], ")" + key + "\": [" + list + "]");
    };
    EXPECT_NO_THROW(with(names));
    expect_error(ErrorCode::limit_exceeded, "a.json: " + key + " lists more than 100 names",
                 [&] { with(names + ",\"one\""); });
  }
}

TEST(AdapterConfig, OfTooManyKeysIsRefused) {
  std::string many;
  for (int i = 0; i < 15'000; ++i) many += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\": 1";
  expect_error(ErrorCode::malformed, "a.json: JSON of more than 30000 values",
               [&] { config_with(many); });
}

TEST(AdapterConfig, AnExpressionThatTakesLongIsGivenUp) {
  const AdapterConfig config = config_with(R"("rank_pattern": {"(a+)+(a+)+(a+)+[bc]": 3})");
  expect_error(ErrorCode::limit_exceeded, "rank_pattern: takes too long to match \"aaaa",
               [&] { static_cast<void>(config.rank_of(std::string(60, 'a'))); });
}

TEST(AdapterTargets, NamesMatchWholePartsFromTheEnd) {
  const AdapterTargets targets =
      targets_with(R"("target_modules": ["query", "output.dense", "visual_projection"])");
  EXPECT_TRUE(targets.contains(kQuery));
  EXPECT_TRUE(targets.contains("a.output.dense"));
  EXPECT_TRUE(targets.contains("visual_projection"));
  EXPECT_TRUE(targets.contains("b.a.output.dense"));
  EXPECT_FALSE(targets.contains("a.myoutput.dense"));
  EXPECT_FALSE(targets.contains("dense"));
  EXPECT_FALSE(targets.contains(""));
  EXPECT_FALSE(targets.contains("a.myquery"));
  EXPECT_FALSE(targets.contains("a.query.b"));
  EXPECT_FALSE(targets.contains("a.intermediate.dense"));
}

TEST(AdapterTargets, OneTextIsAnExpressionForTheWholeName) {
  const AdapterTargets targets =
      targets_with(R"json("target_modules": "text_decoder\\.(?!cls).*(query|key)")json");
  EXPECT_TRUE(targets.contains(kQuery));
  EXPECT_FALSE(targets.contains("text_decoder.cls.query"));
  EXPECT_FALSE(targets.contains("vision_model.query"));
  EXPECT_FALSE(targets.contains(std::string(kQuery) + ".more"));
  EXPECT_TRUE(targets_with(R"("target_modules": "ALL-linear")").contains("any.thing"));
}

TEST(AdapterTargets, LeaveOutWhatIsExcludedOrSavedWhole) {
  const AdapterTargets targets = targets_with(
      R"("target_modules": "all-linear", "exclude_modules": ["fc2"], "modules_to_save": ["cls"])");
  EXPECT_TRUE(targets.contains("a.fc1"));
  EXPECT_FALSE(targets.contains("a.fc2"));
  EXPECT_FALSE(targets.contains("text_decoder.cls.predictions.decoder"));
  EXPECT_TRUE(targets.contains("text_decoder.closed"));
  EXPECT_TRUE(targets.has_whole("text_decoder.cls.predictions.bias"));
  EXPECT_FALSE(targets.has_whole("text_decoder.bert.cls_token"));
  EXPECT_FALSE(
      targets_with(R"("target_modules": "a.*", "exclude_modules": ".*\\.b")").contains("a.c.b"));
}

TEST(AdapterTargets, MayBeOfSomeLayersOnly) {
  const AdapterTargets one =
      targets_with(R"("target_modules": ["query", "a.layer.7.query"], "layers_to_transform": 1)");
  EXPECT_TRUE(one.contains(kQuery));
  EXPECT_FALSE(one.contains("text_decoder.bert.encoder.layer.11.attention.self.query"));
  EXPECT_TRUE(one.contains("query"));            // so is this
  EXPECT_TRUE(one.contains("a.layer.7.query"));  // named whole
  const AdapterTargets by_pattern = targets_with(
      R"("target_modules": ["query"], "layers_to_transform": [0, 2], "layers_pattern": ["blocks", "layer"])");
  EXPECT_TRUE(by_pattern.contains("a.1.layer.2.query"));
  EXPECT_FALSE(by_pattern.contains("a.2.layer.1.query"));
  EXPECT_FALSE(by_pattern.contains("a.layers.2.query"));
}

}  // namespace
}  // namespace blip
