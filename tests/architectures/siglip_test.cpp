// SigLIP's family: its configuration, tensors, and what is refused.
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "architectures/registry.hpp"
#include "architectures/siglip/config.hpp"
#include "architectures/siglip/family.hpp"
#include "architectures/siglip/towers.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

SiglipConfig parse(const std::string& json) {
  return parse_siglip_config(json, "config.json");
}

TEST(SiglipConfig, HasTransformersDefaults) {
  const SiglipConfig config = parse(R"({"model_type": "siglip"})");
  EXPECT_EQ(config.text_config.vocab_size, 32000);
  EXPECT_EQ(config.text_config.max_position_embeddings, 64);
  EXPECT_EQ(config.text_config.projection_size, 768);
  EXPECT_EQ(config.vision_config.image_size, 224);
  EXPECT_EQ(config.vision_config.patch_size, 16);
  EXPECT_EQ(config.vision_config.hidden_act, "gelu_pytorch_tanh");
  EXPECT_FLOAT_EQ(config.vision_config.layer_norm_eps, 1e-6F);
}

// google/siglip-base-patch16-224, siglip-so400m-patch14-384 and siglip2-base-patch16-224.
TEST(SiglipConfig, CountsTheParametersOfRealModels) {
  const auto count = [](const std::string& json) {
    const auto tensors = siglip_tensors(parse(json));
    return parameter_count(tensors);
  };
  EXPECT_EQ(count(R"({"model_type": "siglip"})"), 203155970);
  const std::string layers = R"("hidden_size": 1152, "intermediate_size": 4304,
      "num_hidden_layers": 27, "num_attention_heads": 16)";
  EXPECT_EQ(count(R"({"model_type": "siglip", "text_config": {)" + layers +
                  R"(}, "vision_config": {"image_size": 384, "patch_size": 14, )" + layers + "}}"),
            877960498);
  EXPECT_EQ(count(R"({"model_type": "siglip", "text_config": {"vocab_size": 256000}})"), 375187970);
}

TEST(SiglipConfig, IsRefusedForWhatCannotBeRead) {
  expect_error(ErrorCode::unsupported, "config.json: is a SigLIP 2 for images of any size (NaFlex",
               [] { parse(R"({"model_type": "siglip2"})"); });
  expect_error(ErrorCode::unsupported, "is a \"clip\" model, not SigLIP",
               [] { parse(R"({"model_type": "clip"})"); });
  expect_error(ErrorCode::unsupported, "vision_use_head", [] {
    parse(R"({"model_type": "siglip", "vision_config": {"vision_use_head": false}})");
  });
  expect_error(ErrorCode::malformed, "projection_size", [] {
    parse(R"({"model_type": "siglip", "text_config": {"projection_size": 512}})");
  });
  expect_error(ErrorCode::malformed, "num_attention_heads", [] {
    parse(R"({"model_type": "siglip", "text_config": {"num_attention_heads": 7}})");
  });
}

TEST(SiglipFamily, IsFoundByItsModelType) {
  const TemporaryDirectory directory;
  std::ofstream(directory.path() / "config.json") << R"({"model_type": "siglip"})";
  EXPECT_EQ(&family_of(directory.path()), &kSiglipFamily);
  std::ofstream(directory.path() / "config.json") << R"({"model_type": "siglip2"})";
  expect_error(ErrorCode::unsupported, "those of one size (model_type \"siglip\") are",
               [&] { static_cast<void>(family_of(directory.path())); });
  std::ofstream(directory.path() / "config.json")
      << R"({"model_type": "siglip", "architectures": ["SiglipForImageClassification"]})";
  expect_error(ErrorCode::unsupported, "\"SiglipForImageClassification\" is not supported",
               [&] { static_cast<void>(kSiglipFamily.architecture_of(directory.path())); });
}

// Pictures are squeezed to a square, whose filter the file names.
TEST(SiglipFamily, PreparesPicturesAsTransformers) {
  const TemporaryDirectory directory;
  std::ofstream(directory.path() / "preprocessor_config.json")
      << R"({"image_processor_type": "SiglipImageProcessor", "resample": 2,
             "size": {"height": 384, "width": 384}})";
  const ImageProcessorConfig config = kSiglipFamily.image_processor_config(directory.path());
  EXPECT_EQ(config.size, (ImageResize{.height = 384, .width = 384}));
  EXPECT_EQ(config.resample, Resample::bilinear);
  EXPECT_FALSE(config.do_center_crop);
  EXPECT_FLOAT_EQ(config.image_mean[0], 0.5F);
}

}  // namespace
}  // namespace blip
