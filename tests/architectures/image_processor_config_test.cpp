#include <gtest/gtest.h>

#include <string>

#include "architectures/blip/config_text.hpp"
#include "blip/config.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

BlipImageProcessorConfig parse(const std::string& json) {
  return parse_preprocessor_config(json, "preprocessor_config.json");
}

void expect_refused(const std::string& part, const std::string& json,
                    ErrorCode code = ErrorCode::malformed) {
  SCOPED_TRACE(json);
  expect_error(code, part, [&] { parse(json); });
}

TEST(ImageProcessorConfig, DefaultsAreBlipsOwn) {
  const BlipImageProcessorConfig config = parse("{}");
  EXPECT_EQ(config.height, 384);
  EXPECT_EQ(config.width, 384);
  EXPECT_EQ(config.resample, Resample::bicubic);
  EXPECT_EQ(config.rescale_factor, 1.0 / 255.0);
  EXPECT_TRUE(config.do_resize && config.do_rescale && config.do_normalize);
  EXPECT_EQ(config.image_mean, (std::array{0.48145466F, 0.4578275F, 0.40821073F}));
  EXPECT_EQ(config.image_std, (std::array{0.26862954F, 0.26130258F, 0.27577711F}));
}

TEST(ImageProcessorConfig, ReadsEveryField) {
  const BlipImageProcessorConfig config =
      parse(R"({"do_resize":false,"size":{"height":64,"width":32},"resample":1,)"
            R"("do_rescale":false,"rescale_factor":0.5,"do_normalize":false,)"
            R"("image_mean":[0.1,0,1],"image_std":[1,2,0.25],"do_convert_rgb":false})");
  EXPECT_FALSE(config.do_resize || config.do_rescale || config.do_normalize);
  EXPECT_EQ(config.height, 64);
  EXPECT_EQ(config.width, 32);
  EXPECT_EQ(config.resample, Resample::lanczos);
  EXPECT_EQ(config.rescale_factor, 0.5);
  EXPECT_EQ(config.image_mean, (std::array{0.1F, 0.0F, 1.0F}));
  EXPECT_EQ(config.image_std, (std::array{1.0F, 2.0F, 0.25F}));
}

// Each form was given to transformers 5.24; see tools/reference/parity_checkpoint.py.
TEST(ImageProcessorConfig, TakesTheSizesThatTransformersTakes) {
  EXPECT_EQ(parse(R"({"size":64})").height, 64);
  EXPECT_EQ(parse(R"({"size":64})").width, 64);
  EXPECT_EQ(parse(R"({"size":[64,32]})").height, 64);
  EXPECT_EQ(parse(R"({"size":[64,32]})").width, 32);
  expect_refused("must have height and width", R"({"size":{"shortest_edge":64}})",
                 ErrorCode::unsupported);
  expect_refused("must have height and width", R"({"size":{"height":64}})", ErrorCode::unsupported);
  expect_refused("size must be a number or", R"({"size":[64]})");
  expect_refused("size must be a whole number", R"({"size":64.0})");
  expect_refused("size must be 1 to 16384", R"({"size":0})");
  expect_refused("size: height must be 1 to 16384", R"({"size":{"height":-3,"width":3}})");
}

TEST(ImageProcessorConfig, OneNumberServesAllChannels) {
  const BlipImageProcessorConfig config = parse(R"({"image_mean":0.5,"image_std":0.25})");
  EXPECT_EQ(config.image_mean, (std::array{0.5F, 0.5F, 0.5F}));
  EXPECT_EQ(config.image_std, (std::array{0.25F, 0.25F, 0.25F}));
  expect_refused("image_mean must be 3 numbers", R"({"image_mean":[0.5]})");
  expect_refused("image_mean must be 3 numbers", R"({"image_mean":[0.5,0.5,0.5,0.5]})");
  expect_refused("image_std must be 1e-06 to", R"({"image_std":[0,1,1]})");
  expect_refused("image_std must be a number", R"({"image_std":[null,1,1]})");
}

TEST(ImageProcessorConfig, ANullStepIsOff) {
  const BlipImageProcessorConfig config =
      parse(R"({"do_resize":null,"do_rescale":null,"do_normalize":null})");
  EXPECT_FALSE(config.do_resize || config.do_rescale || config.do_normalize);
}

TEST(ImageProcessorConfig, RefusesWhatItCannotDo) {
  expect_refused("do_center_crop is not supported", R"({"do_center_crop":true})",
                 ErrorCode::unsupported);
  expect_refused("do_pad is not supported", R"({"do_pad":true})", ErrorCode::unsupported);
  EXPECT_NO_THROW(parse(R"({"do_center_crop":false,"do_pad":null,"crop_size":7})"));
  expect_refused("resample must be 0 to 5", R"({"resample":6})");
  expect_refused("resample must be a whole number", R"({"resample":"bicubic"})");
  expect_refused("do_resize must be true or false", R"({"do_resize":1})");
  expect_refused("not valid JSON", "{");
}

TEST(ImageProcessorConfig, ProcessorConfigGoesFirst) {
  const TemporaryDirectory directory;
  const auto height = [&] {
    return BlipImageProcessorConfig::from_pretrained(directory.path()).height;
  };
  EXPECT_EQ(height(), 384);
  directory.write("preprocessor_config.json", R"({"size":32})");
  EXPECT_EQ(height(), 32);
  // transformers 4 wrote this file with nothing about images in it.
  directory.write("processor_config.json", R"({"processor_class":"BlipProcessor"})");
  EXPECT_EQ(height(), 32);
  directory.write("processor_config.json", R"({"image_processor":{"size":64}})");
  EXPECT_EQ(height(), 64);
  directory.write("processor_config.json", R"({"image_processor":[]})");
  expect_error(ErrorCode::malformed, "processor_config.json: image_processor must be an object",
               height);
}

// data/v5 is what transformers 5.24 writes for a small model.
TEST(ImageProcessorConfig, ReadsAFileOfTransformers5) {
  const auto config = BlipImageProcessorConfig::from_pretrained(
      std::filesystem::path(BLIP_SOURCE_DIR) / "tests/checkpoint/data/v5");
  EXPECT_EQ(config.height, 30);
  EXPECT_EQ(config.width, 30);
  EXPECT_EQ(config.resample, Resample::bilinear);
  EXPECT_EQ(config.image_mean, (std::array{0.5F, 0.25F, 0.125F}));
  EXPECT_EQ(config.image_std, (std::array{0.26862954F, 0.26130258F, 0.27577711F}));
}

}  // namespace
}  // namespace blip
