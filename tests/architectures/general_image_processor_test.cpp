// ImageProcessorConfig from the files that models come with.
#include <gtest/gtest.h>

#include <string>

#include "architectures/image_processor_config.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

ImageProcessorConfig parse(const std::string& json,
                           std::string_view default_class = "CLIPImageProcessor") {
  return parse_image_processor_config(json, "preprocessor_config.json", default_class);
}

void expect_refused(const std::string& part, const std::string& json,
                    ErrorCode code = ErrorCode::malformed) {
  SCOPED_TRACE(json);
  expect_error(code, part, [&] { parse(json); });
}

TEST(GeneralImageProcessor, ClassesHaveTheirDefaults) {
  EXPECT_EQ(parse("{}"), ImageProcessorConfig());
  EXPECT_EQ(ImageProcessorConfig::of_class("BitImageProcessor"), ImageProcessorConfig());
  const auto vit = ImageProcessorConfig::of_class("ViTImageProcessor");
  EXPECT_EQ(vit.size, (ImageResize{.height = 224, .width = 224}));
  EXPECT_EQ(vit.resample, Resample::bilinear);
  EXPECT_EQ(vit.image_mean, (std::array{0.5F, 0.5F, 0.5F}));
  EXPECT_FALSE(vit.do_center_crop || vit.do_convert_rgb);
  const auto deit = ImageProcessorConfig::of_class("DeiTImageProcessor");
  EXPECT_EQ(deit.size, (ImageResize{.height = 256, .width = 256}));
  EXPECT_TRUE(deit.do_center_crop);
  EXPECT_EQ(deit.crop_height, 224);
  const auto siglip = ImageProcessorConfig::of_class("SiglipImageProcessor");
  EXPECT_EQ(siglip.resample, Resample::bicubic);
  EXPECT_TRUE(siglip.do_convert_rgb);
  expect_error(ErrorCode::unsupported, "no image processor is called \"Other\"",
               [] { ImageProcessorConfig::of_class("Other"); });
}

// Each was given to transformers 5.24.
TEST(GeneralImageProcessor, TheFileNamesItsClass) {
  const auto vit = ImageProcessorConfig::of_class("ViTImageProcessor");
  EXPECT_EQ(parse(R"({"image_processor_type":"ViTImageProcessor"})"), vit);
  EXPECT_EQ(parse(R"({"image_processor_type":"ViTImageProcessorFast"})"), vit);
  EXPECT_EQ(parse(R"({"image_processor_type":"ViTImageProcessorPil"})"), vit);
  EXPECT_EQ(parse(R"({"feature_extractor_type":"ViTFeatureExtractor"})"), vit);
  EXPECT_EQ(parse("{}", "ViTImageProcessor"), vit);
  expect_refused("image_processor_type \"ConvNextImageProcessor\" is not supported",
                 R"({"image_processor_type":"ConvNextImageProcessor"})", ErrorCode::unsupported);
  expect_refused("image_processor_type \"ViTFeatureExtractor\" is not supported",
                 R"({"image_processor_type":"ViTFeatureExtractor"})", ErrorCode::unsupported);
}

TEST(GeneralImageProcessor, AWholeNumberIsAnEdgeOrASquare) {
  EXPECT_EQ(parse(R"({"size":30})").size, (ImageResize{.shortest_edge = 30}));
  EXPECT_EQ(parse(R"({"size":30})", "ViTImageProcessor").size,
            (ImageResize{.height = 30, .width = 30}));
  EXPECT_EQ(parse(R"({"size":30})", "SiglipImageProcessor").size,
            (ImageResize{.shortest_edge = 30}));
  EXPECT_EQ(parse(R"({"size":30,"default_to_square":true})").size,
            (ImageResize{.height = 30, .width = 30}));
  EXPECT_EQ(parse(R"({"size":[30,40]})").size, (ImageResize{.height = 30, .width = 40}));
  EXPECT_EQ(parse(R"({"size":{"height":30,"width":40}})").size,
            (ImageResize{.height = 30, .width = 40}));
  EXPECT_EQ(parse(R"({"size":{"shortest_edge":30}})").size, (ImageResize{.shortest_edge = 30}));
  const auto crop = parse(R"({"crop_size":[30,40]})");
  EXPECT_EQ(crop.crop_height, 30);
  EXPECT_EQ(crop.crop_width, 40);
  EXPECT_EQ(parse(R"({"crop_size":50})").crop_width, 50);
  EXPECT_EQ(parse(R"({"crop_size":{"height":5,"width":6}})").crop_height, 5);
}

TEST(GeneralImageProcessor, ReadsEveryField) {
  const auto config =
      parse(R"({"do_resize":true,"resample":2,"do_center_crop":null,"do_rescale":false,)"
            R"("rescale_factor":0.5,"do_normalize":false,"image_mean":[0.1,0,1],)"
            R"("image_std":0.25,"do_convert_rgb":false})");
  EXPECT_EQ(config.resample, Resample::bilinear);
  EXPECT_FALSE(config.do_center_crop || config.do_rescale || config.do_normalize ||
               config.do_convert_rgb);
  EXPECT_EQ(config.rescale_factor, 0.5);
  EXPECT_EQ(config.image_mean, (std::array{0.1F, 0.0F, 1.0F}));
  EXPECT_EQ(config.image_std, (std::array{0.25F, 0.25F, 0.25F}));
}

TEST(GeneralImageProcessor, RefusesWhatTransformersRefuses) {
  expect_refused("size is null", R"({"size":null})");
  expect_refused("crop_size is missing", R"({"crop_size":null})");
  expect_refused("image_mean is missing", R"({"image_mean":null})");
  expect_refused("resample is missing", R"({"resample":null})");
  expect_refused("crop_size is missing",
                 R"({"image_processor_type":"ViTImageProcessor","do_center_crop":true})");
  expect_refused("size must be a whole number", R"({"size":30.5})");
  expect_refused("size must be a whole number", R"({"size":"224"})");
  expect_refused("size must be 1 to 16384", R"({"size":0})");
  expect_refused("crop_size must have height and width", R"({"crop_size":{"shortest_edge":3}})");
  EXPECT_NO_THROW(parse(R"({"size":null,"do_resize":false})"));
}

TEST(GeneralImageProcessor, RefusesWhatItCannotDo) {
  for (const char* size : {R"({"longest_edge":30})", R"({"shortest_edge":30,"longest_edge":50})",
                           R"({"max_height":30,"max_width":30})", R"({"height":30})",
                           R"({"height":30,"width":40,"shortest_edge":20})"}) {
    expect_refused("size must have height and width, or shortest_edge alone",
                   std::string(R"({"size":)") + size + "}", ErrorCode::unsupported);
  }
  expect_refused("do_pad is not supported", R"({"do_pad":true})", ErrorCode::unsupported);
  expect_refused("use_square_size is not supported", R"({"use_square_size":true})",
                 ErrorCode::unsupported);
  expect_refused("resample must be 0 to 5", R"({"resample":6})");
}

TEST(GeneralImageProcessor, ProcessorConfigGoesFirst) {
  const TemporaryDirectory directory;
  const auto edge = [&] {
    return ImageProcessorConfig::from_pretrained(directory.path(), "CLIPImageProcessor")
        .size.shortest_edge;
  };
  EXPECT_EQ(edge(), 224);
  directory.write("preprocessor_config.json", R"({"size":32})");
  EXPECT_EQ(edge(), 32);
  directory.write("processor_config.json", R"({"processor_class":"CLIPProcessor"})");
  EXPECT_EQ(edge(), 32);
  directory.write("processor_config.json",
                  R"({"image_processor":{"image_processor_type":"CLIPImageProcessor",)"
                  R"("size":{"shortest_edge":64}}})");
  EXPECT_EQ(edge(), 64);
  directory.write("processor_config.json", R"({"image_processor":{"size":-1}})");
  expect_error(ErrorCode::malformed, "processor_config.json: image_processor: size must be", edge);
}

}  // namespace
}  // namespace blip
