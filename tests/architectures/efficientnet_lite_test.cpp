// The configuration of EfficientNet-Lite, alone and as a backbone: what is read, what is refused,
// and which tensors it asks for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "architectures/blip/config_text.hpp"
#include "architectures/blip/config_writer.hpp"
#include "architectures/blip/tensors.hpp"
#include "architectures/efficientnet_lite/blocks.hpp"
#include "architectures/efficientnet_lite/config.hpp"
#include "architectures/efficientnet_lite/family.hpp"
#include "architectures/efficientnet_lite/tensors.hpp"
#include "tests/checkpoint/tensor_files.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;

const std::string kClassifier = BLIP_SOURCE_DIR "/tests/tasks/data/classifier";

EfficientNetLiteConfig lite(double width, double depth) {
  EfficientNetLiteConfig config;
  config.width_coefficient = width;
  config.depth_coefficient = depth;
  return config;
}

// The smallest backbone_config with some fields changed.
EfficientNetLiteConfig parse_with(const json& changes) {
  json config = {{"model_type", "efficientnet_lite"}};
  config.update(changes);
  return parse_efficientnet_lite(JsonFields(config, "backbone_config"));
}

void expect_refused(const std::string& part, const json& changes,
                    ErrorCode code = ErrorCode::malformed) {
  SCOPED_TRACE(changes.dump());
  expect_error(code, part, [&] { parse_with(changes); });
}

BlipConfig hybrid_config() {
  BlipConfig config = small_config("BlipForConditionalGeneration");
  config.vision_config.backbone_config = lite(0.5, 0.5);
  config.vision_config.image_size = 97;
  return config;
}

TEST(EfficientNetLiteConfig, ScalesChannelsAndRepeatsAsTensorFlowDoes) {
  const auto blocks = blocks_of(lite(1.1, 1.2));  // Lite2
  ASSERT_EQ(blocks.size(), 21U);
  std::vector<int> outputs;
  outputs.reserve(blocks.size());
  for (const EfficientNetLiteBlock& block : blocks) outputs.push_back(block.outputs);
  EXPECT_THAT(outputs, ElementsAre(16, 24, 24, 24, 48, 48, 48, 88, 88, 88, 88, 120, 120, 120, 120,
                                   208, 208, 208, 208, 208, 352));
  EXPECT_EQ(blocks.front().inputs, 32);
  EXPECT_FALSE(blocks.front().expands());
  EXPECT_FALSE(blocks.front().adds_input());
  EXPECT_EQ(blocks[1].expanded, 96);
  EXPECT_EQ(blocks[1].stride, 2);
  EXPECT_TRUE(blocks[2].adds_input());
  EXPECT_EQ(lite(1.1, 1.2).total_stride(), 32);
}

// What the papers' tables and other implementations give: with batch norms' weights and biases, but
// without their statistics.
TEST(EfficientNetLiteConfig, ParameterCountsOfTheNetworks) {
  const auto count = [](double width, double depth) {
    ExpectedTensorList list;
    add_efficientnet_lite(list, lite(width, depth), "efficientnet.");
    list.linear("classifier", 1000, 1280);
    std::int64_t statistics = 0;
    const auto tensors = list.take();
    for (const ExpectedTensor& tensor : tensors) {
      if (tensor.name.find(".running_") != std::string::npos) statistics += tensor.shape[0];
    }
    return parameter_count(tensors) - statistics;
  };
  EXPECT_EQ(count(1.0, 1.0), 4'652'008);   // Lite0
  EXPECT_EQ(count(1.0, 1.1), 5'416'680);   // Lite1
  EXPECT_EQ(count(1.1, 1.2), 6'092'072);   // Lite2
  EXPECT_EQ(count(1.2, 1.4), 8'197'096);   // Lite3
  EXPECT_EQ(count(1.4, 1.8), 13'006'568);  // Lite4
}

TEST(EfficientNetLiteConfig, MissingFieldsAreLite0s) {
  const EfficientNetLiteConfig config = parse_with(json::object());
  EXPECT_EQ(config.width_coefficient, 1.0);
  EXPECT_EQ(config.hidden_dim, 1280);
  EXPECT_EQ(config.batch_norm_eps, 1e-3F);
  EXPECT_THAT(config.strides, ElementsAre(1, 2, 2, 2, 1, 2, 1));
}

TEST(EfficientNetLiteConfig, RefusesWhatItCannotBe) {
  expect_refused("model_type \"efficientnet\" is not supported", {{"model_type", "efficientnet"}},
                 ErrorCode::unsupported);
  expect_refused("hidden_act", {{"hidden_act", "swish"}}, ErrorCode::unsupported);
  expect_refused("strides", {{"strides", {1, 2}}});
  expect_refused("strides", {{"strides", "2"}});
  expect_refused("strides", {{"strides", {0, 2, 2, 2, 1, 2, 1}}});
  expect_refused("strides leave nothing", {{"strides", {64, 64, 64, 64, 64, 64, 64}}});
  expect_refused("kernel_sizes", {{"kernel_sizes", {3, 3, 500, 3, 5, 5, 3}}});
  expect_refused("kernel_sizes", {{"kernel_sizes", json::array()}});
  expect_refused("in_channels", {{"in_channels", {32, 16, 24, 41, 80, 112, 192}}});
  expect_refused("num_block_repeats make more", {{"depth_coefficient", 100.0}});
  expect_refused("expand_ratios make more", {{"width_coefficient", 100.0}});
  expect_refused("out_channels", {{"out_channels", json::array({16, 24, 40, 80, 112, 192, 1.5})}});
  expect_refused("batch_norm_eps", {{"batch_norm_eps", -1.0}});
  expect_refused("hidden_dim", {{"hidden_dim", 0}});
}

TEST(EfficientNetLiteConfig, IsWrittenAsItIsRead) {
  const BlipConfig config = hybrid_config();
  const BlipConfig again = parse_config(config_as_json(config), "config.json");
  ASSERT_TRUE(again.vision_config.backbone_config);
  EXPECT_EQ(efficientnet_lite_json(*again.vision_config.backbone_config),
            efficientnet_lite_json(*config.vision_config.backbone_config));
  EXPECT_EQ(config_as_json(again), config_as_json(config));
}

TEST(HybridConfig, HasAPatchForEachPlaceOfTheMap) {
  const BlipVisionConfig vision = hybrid_config().vision_config;
  EXPECT_EQ(vision.grid(97), 4);
  EXPECT_EQ(vision.grid(96), 3);
  EXPECT_EQ(vision.grid(1), 1);
  const auto tensors = expected_tensors(hybrid_config());
  const auto shape_of = [&](const std::string& name) {
    for (const ExpectedTensor& tensor : tensors) {
      if (tensor.name == "vision_model.embeddings." + name) return tensor.shape;
    }
    return std::vector<std::int64_t>();
  };
  EXPECT_THAT(shape_of("position_embedding"), ElementsAre(1, 17, 128));
  EXPECT_THAT(shape_of("patch_embedding.weight"), ElementsAre(128, 1280, 1, 1));
  EXPECT_THAT(shape_of("backbone.embeddings.convolution.weight"), ElementsAre(32, 3, 3, 3));
  EXPECT_THAT(shape_of("backbone.encoder.blocks.1.expansion.expand_conv.weight"),
              ElementsAre(48, 8, 1, 1));
}

TEST(HybridConfig, IsNotGuessedFromTensors) {
  const TemporaryDirectory directory;
  const auto file = directory.write("model.safetensors", tensor_file(hybrid_config()));
  expect_error(ErrorCode::unsupported, "backbone, whose strides only a config.json tells",
               [&] { BlipConfig::from_pretrained(file); });
}

TEST(ClassifierConfig, ReadsLabelsInTheOrderOfTheirNumbers) {
  const auto config = EfficientNetLiteClassifierConfig::from_pretrained(kClassifier);
  EXPECT_EQ(config.architecture, "EfficientNetLiteForImageClassification");
  EXPECT_EQ(config.image_size, 43);
  EXPECT_EQ(config.labels.size(), 7U);
  EXPECT_EQ(config.labels[4], "stop sign");
  EXPECT_STREQ(kEfficientNetLiteFamily.architecture_of(kClassifier).name,
               "EfficientNetLiteForImageClassification");
}

TEST(ClassifierConfig, RefusesLabelsThatDoNotFit) {
  const auto parse = [](const json& changes) {
    json config = {{"model_type", "efficientnet_lite"}};
    config.update(changes);
    return parse_efficientnet_lite_classifier(config.dump(), "config.json");
  };
  EXPECT_THAT(parse({{"num_labels", 2}}).labels, ElementsAre("LABEL_0", "LABEL_1"));
  EXPECT_THAT(parse({{"id2label", {{"1", "b"}, {"0", "a"}}}}).labels, ElementsAre("a", "b"));
  const auto expect_bad = [&](const json& changes) {
    SCOPED_TRACE(changes.dump());
    expect_error(ErrorCode::malformed, "config.json: ", [&] { parse(changes); });
  };
  expect_bad({{"id2label", {{"0", "a"}, {"2", "b"}}}});
  expect_bad({{"id2label", {{"0", 5}}}});
  expect_bad({{"id2label", json::object()}});
  expect_bad({{"id2label", {"a", "b"}}});
  expect_bad({{"id2label", {{"0", "a"}}}, {"num_labels", 2}});
  expect_bad({{"num_labels", 100'000'000}});
}

}  // namespace
}  // namespace blip
