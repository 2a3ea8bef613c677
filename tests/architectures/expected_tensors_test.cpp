#include "architectures/blip/tensors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "architectures/blip/architectures.hpp"
#include "tests/checkpoint/tensor_files.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

BlipConfig config_of(const std::string& architecture, bool large, int image_size) {
  BlipConfig config;
  config.architecture = architecture;
  config.vision_config.image_size = image_size;
  config.text_config.num_attention_heads = 12;
  if (large) {
    config.vision_config.hidden_size = 1024;
    config.vision_config.intermediate_size = 4096;
    config.vision_config.num_hidden_layers = 24;
    config.vision_config.num_attention_heads = 16;
    config.text_config.encoder_hidden_size = 1024;
  }
  return config;
}

std::int64_t count_of(const BlipConfig& config, std::string_view prefix) {
  std::int64_t count = 0;
  for (const ExpectedTensor& tensor : expected_tensors(config)) {
    if (!tensor.name.starts_with(prefix)) continue;
    std::int64_t elements = 1;
    for (const std::int64_t size : tensor.shape) elements *= size;
    count += elements;
  }
  return count;
}

// The numbers of the paper's models, as other implementations publish them.
TEST(ExpectedTensors, ParameterCountsOfTheVisionTower) {
  const auto vision = [](bool large, int size) {
    return count_of(config_of("BlipForImageTextRetrieval", large, size), "vision_model.");
  };
  EXPECT_EQ(vision(false, 224), 85'798'656);
  EXPECT_EQ(vision(false, 384), 86'090'496);
  EXPECT_EQ(vision(false, 480), 86'339'328);
  EXPECT_EQ(vision(true, 224), 303'301'632);
  EXPECT_EQ(vision(true, 384), 303'690'752);
  EXPECT_EQ(vision(true, 480), 304'022'528);
}

TEST(ExpectedTensors, ParameterCountsOfWholeModels) {
  const auto count = [](const char* architecture, bool large, int size = 384) {
    return parameter_count(config_of(architecture, large, size));
  };
  const BlipConfig base = config_of("BlipForImageTextRetrieval", false, 384);
  const BlipConfig large = config_of("BlipForImageTextRetrieval", true, 384);
  EXPECT_EQ(count_of(base, "text_encoder."), 137'258'496);
  EXPECT_EQ(count_of(large, "text_encoder."), 141'977'088);
  EXPECT_EQ(count("BlipForConditionalGeneration", false), 223'971'644);
  EXPECT_EQ(count("BlipForConditionalGeneration", true), 446'290'492);
  EXPECT_EQ(count("BlipForImageTextRetrieval", false), 223'744'258);
  EXPECT_EQ(count("BlipForImageTextRetrieval", true), 446'128'642);
  EXPECT_EQ(count("BlipForQuestionAnswering", false, 480), 361'478'972);
  EXPECT_EQ(count("BlipForQuestionAnswering", true, 480), 583'880'764);
  EXPECT_EQ(count("BlipForQuestionAnswering", false), 361'230'140);
  EXPECT_EQ(count("BlipForNLVR", false), 259'372'034);
  EXPECT_EQ(count("BlipForNLVR", true), 486'409'474);
  EXPECT_EQ(count("BlipModel", false), 224'726'017);
  EXPECT_EQ(count("", false), 223'971'644);  // what no architecture is named for
  // Momentum copies of everything but the head, and the temperature.
  const std::int64_t head = 2 * 768 + 2;
  EXPECT_EQ(2 * count("BlipForImageTextRetrieval", false) - head + 1, 447'486'979);
  EXPECT_EQ(2 * count("BlipForImageTextRetrieval", true) - head + 1, 892'255'747);
}

// As transformers counts them, which stores the language model head's matrix and bias twice.
TEST(ExpectedTensors, NumbersOfTensors) {
  const auto count = [](const char* architecture, bool large = false) {
    return expected_tensors(config_of(architecture, large, 384)).size();
  };
  EXPECT_EQ(count("BlipForConditionalGeneration"), 473U);
  EXPECT_EQ(count("BlipForConditionalGeneration", true), 617U);
  EXPECT_EQ(count("BlipForQuestionAnswering"), 789U);
  EXPECT_EQ(count("BlipForImageTextRetrieval"), 472U);
  EXPECT_EQ(count("BlipForImageTextRetrieval", true), 616U);
  EXPECT_EQ(count("BlipModel"), 471U);
  std::int64_t elements = 0;
  const BlipConfig base = config_of("BlipForConditionalGeneration", false, 384);
  for (const ExpectedTensor& tensor : expected_tensors(base)) {
    std::int64_t product = 1;
    for (const std::int64_t size : tensor.shape) product *= size;
    if (!tensor.name.ends_with("decoder.bias")) elements += product;
  }
  EXPECT_EQ(elements, 247'414'076);
}

TEST(ExpectedTensors, EveryArchitectureIsKnownByName) {
  EXPECT_EQ(blip_architectures().size(), 5U);
  for (const BlipArchitecture* architecture : blip_architectures()) {
    const std::string_view name = architecture->name;
    EXPECT_GT(expected_tensors(small_config(std::string(name))).size(), 50U) << name;
  }
  expect_error(ErrorCode::unsupported, "\"Blip2Model\" is not an architecture",
               [] { expected_tensors(small_config("Blip2Model")); });
}

class Comparison : public ::testing::Test {
 protected:
  TensorDifferences differences(const BlipConfig& wanted, const std::string& file) {
    directory_.write("model.safetensors", file);
    return compare(Checkpoint::open(directory_.path()), wanted);
  }
  TemporaryDirectory directory_;
};

TEST_F(Comparison, FindsNothingWhereAllIsWell) {
  for (const BlipArchitecture* architecture : blip_architectures()) {
    const std::string_view name = architecture->name;
    const BlipConfig config = small_config(std::string(name));
    const TensorDifferences found = differences(config, tensor_file(config));
    EXPECT_THAT(found.missing, IsEmpty()) << name;
    EXPECT_THAT(found.unfitting, IsEmpty()) << name;
    EXPECT_THAT(found.unused, IsEmpty()) << name;
  }
}

TEST_F(Comparison, NamesWhatIsMissingAndWhatIsLeftOver) {
  const BlipConfig config = small_config("BlipForConditionalGeneration");
  const auto found =
      differences(config, tensor_file(config, [](const std::string& name) {
                    return name == "vision_model.post_layernorm.bias" ? "spare.bias" : name;
                  }));
  EXPECT_THAT(found.missing, ElementsAre("vision_model.post_layernorm.bias [128]"));
  EXPECT_THAT(found.unused, ElementsAre("spare.bias"));
}

TEST_F(Comparison, TiedTensorsMayBeMissing) {
  const BlipConfig config = small_config("BlipForQuestionAnswering");
  const std::string head = "text_decoder.cls.predictions.";
  const auto without = [&](const std::vector<std::string>& names) {
    return differences(config, tensor_file(config, [&](const std::string& name) {
                         return std::find(names.begin(), names.end(), name) == names.end() ? name
                                                                                           : "";
                       }));
  };
  EXPECT_THAT(without({head + "decoder.weight", head + "decoder.bias"}).missing, IsEmpty());
  EXPECT_THAT(without({head + "bias"}).missing, IsEmpty());
  EXPECT_THAT(without({head + "bias", head + "decoder.bias"}).missing,
              ElementsAre(head + "bias [50]"));
}

TEST(ExpectedTensors, MatricesThatAreMultipliedMayBeInt8) {
  std::int64_t elements = 0;
  for (const ExpectedTensor& tensor :
       expected_tensors(config_of("BlipForConditionalGeneration", false, 384))) {
    if (!tensor.may_be_int8) continue;
    ASSERT_EQ(tensor.shape.size(), 2U) << tensor.name;
    EXPECT_THAT(tensor.name, ::testing::Not(HasSubstr("position")));
    if (tensor.stand_in.empty()) elements += tensor.shape[0] * tensor.shape[1];
  }
  const std::int64_t width = 768;
  EXPECT_EQ(elements, 12 * 12 * width * width +      // vision
                          12 * 16 * width * width +  // text, with cross-attention
                          width * width +            // the head's transform
                          30'524 * width);           // words
}

TEST_F(Comparison, Int8MatricesFitWithTheirScales) {
  for (const BlipArchitecture* architecture : blip_architectures()) {
    const std::string_view name = architecture->name;
    const BlipConfig config = small_config(std::string(name));
    const TensorDifferences found = differences(config, int8_tensor_file(config));
    EXPECT_THAT(found.missing, IsEmpty()) << name;
    EXPECT_THAT(found.unfitting, IsEmpty()) << name;
    EXPECT_THAT(found.unused, IsEmpty()) << name;
  }
}

TEST_F(Comparison, Int8WithoutFittingScalesDoesNotFit) {
  const BlipConfig config = small_config("BlipForImageTextRetrieval");
  const auto renamed = [&](const std::string& before, const std::string& after) {
    return differences(config, int8_tensor_file(config, [&](const std::string& name) {
                         return name == before ? after : name;
                       }));
  };
  EXPECT_THAT(renamed("itm_head.weight_scale", "").missing,
              ElementsAre("itm_head.weight_scale [2, 1]"));
  EXPECT_THAT(renamed("itm_head.weight_scale", "spare.weight_scale").unused,
              ElementsAre("spare.weight_scale"));
  // Another architecture's int8 tensors are unused with their scales.
  EXPECT_THAT(renamed("itm_head.weight", "spare.weight").unused,
              ElementsAre("itm_head.weight_scale", "spare.weight"));
  // In place of each other they have scales of the wrong number.
  const auto swapped = differences(config, int8_tensor_file(config, [](const std::string& name) {
                                     if (name == "itm_head.weight_scale") {
                                       return std::string("text_proj.weight_scale");
                                     }
                                     if (name == "text_proj.weight_scale") {
                                       return std::string("itm_head.weight_scale");
                                     }
                                     return name;
                                   }));
  EXPECT_THAT(swapped.unfitting,
              ElementsAre(HasSubstr("\"text_proj.weight_scale\" must have shape [10, 1]"),
                          HasSubstr("\"itm_head.weight_scale\" must have shape [2, 1]")));
}

TEST_F(Comparison, NamesShapesThatDoNotFit) {
  const BlipConfig config = small_config("BlipForImageTextRetrieval");
  BlipConfig other = config;
  other.image_text_hidden_size = 11;
  other.vision_config.image_size = 40;  // another grid of positions is interpolated
  const auto found = differences(other, tensor_file(config));
  EXPECT_THAT(found.unfitting, ElementsAre("vision_proj.weight is [10, 128] instead of [11, 128]",
                                           "vision_proj.bias is [10] instead of [11]",
                                           "text_proj.weight is [10, 64] instead of [11, 64]",
                                           "text_proj.bias is [10] instead of [11]"));
}

}  // namespace
}  // namespace blip
