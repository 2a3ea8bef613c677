#include "image/configured_image_processor.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "architectures/image_processor_config.hpp"
#include "fixtures.hpp"
#include "formula_image.hpp"
#include "image/center_crop.hpp"
#include "image/preprocess.hpp"
#include "tests/core/expect_error.hpp"

namespace blip {
namespace {

Tensor process(const ImageProcessorConfig& config, const std::vector<Image>& images) {
  return ConfiguredImageProcessor(config)(images);
}

// A configuration without resizing and normalising: the floats are the bytes.
ImageProcessorConfig bare(int crop_height, int crop_width, ImageBackend backend) {
  return {.do_resize = false,
          .crop_height = crop_height,
          .crop_width = crop_width,
          .do_rescale = false,
          .do_normalize = false,
          .backend = backend};
}

TEST(ConfiguredImageProcessor, EqualsTransformersToTheLastBit) {
  std::ifstream file(BLIP_TEST_DATA "/processors.json");
  const auto data = nlohmann::json::parse(file);
  std::vector<Image> images;
  for (const auto& size : data.at("sizes")) images.push_back(formula_image(size[0], size[1]));
  ASSERT_GE(data.at("cases").size(), 30U);
  for (const auto& row : data.at("cases")) {
    ImageProcessorConfig config =
        parse_image_processor_config(row.at("file").dump(), "preprocessor_config.json", "");
    if (row.at("backend") == "torchvision") config.backend = ImageBackend::torchvision;
    const Tensor batch = process(config, images);
    EXPECT_EQ(batch.shape, row.at("shape").get<std::vector<std::int64_t>>()) << row;
    EXPECT_EQ(fnv1a(std::as_bytes(batch.values())), row.at("hash").get<std::string>()) << row;
  }
}

TEST(ConfiguredImageProcessor, KeepsTheAspectRatio) {
  const ImageProcessorConfig config;
  const auto resized = [&](int width, int height) {
    return image::resized_size({width, height}, config);
  };
  EXPECT_EQ(resized(640, 480), (image::Size{298, 224}));
  EXPECT_EQ(resized(480, 640), (image::Size{224, 298}));
  EXPECT_EQ(resized(500, 333), (image::Size{336, 224}));
  EXPECT_EQ(resized(641, 427), (image::Size{336, 224}));
  EXPECT_EQ(resized(224, 224), (image::Size{224, 224}));
  EXPECT_EQ(resized(1, 1000), (image::Size{224, 224'000}));
}

// 21 x 20 pixels in a crop of 25: transformers' two backends pad by different sides.
TEST(ConfiguredImageProcessor, PadsWhatIsSmallerThanTheCrop) {
  const Image image(1, 1, {7, 8, 9});
  const Tensor pillow = process(bare(2, 2, ImageBackend::pillow), {image});
  EXPECT_EQ(pillow.data, (std::vector<float>{0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0, 9}));
  const Tensor torchvision = process(bare(2, 2, ImageBackend::torchvision), {image});
  EXPECT_EQ(torchvision.data, (std::vector<float>{7, 0, 0, 0, 8, 0, 0, 0, 9, 0, 0, 0}));

  const auto crop = image::center_crop({21, 20}, {25, 25}, ImageBackend::pillow);
  EXPECT_EQ(crop.x, 2);
  EXPECT_EQ(crop.y, 3);
  EXPECT_EQ(crop.kept.size, (image::Size{21, 20}));
  const auto mixed = image::center_crop({21, 40}, {24, 25}, ImageBackend::torchvision);
  EXPECT_EQ(mixed.x, 1);
  EXPECT_EQ(mixed.y, 0);
  EXPECT_EQ(mixed.kept.y, 7);
  EXPECT_EQ(mixed.kept.size, (image::Size{21, 25}));
}

// Only what the crop keeps is computed, so a narrow picture costs no more than a square one.
TEST(ConfiguredImageProcessor, TakesNarrowPictures) {
  const Image image = formula_image(20'000, 8);
  const Tensor batch = process({}, {image});
  EXPECT_EQ(batch.shape, (std::vector<std::int64_t>{1, 3, 224, 224}));
  expect_error(ErrorCode::limit_exceeded, "a picture of 20000 by 1 pixels is too narrow",
               [] { process({}, {formula_image(20'000, 1)}); });
}

TEST(ConfiguredImageProcessor, ComesAtAnotherSize) {
  const auto shape_at = [](const ImageProcessorConfig& config, int side) {
    const auto processor = ConfiguredImageProcessor(config).with_size(side);
    return (*processor)(std::vector<Image>{formula_image(70, 50)}).shape;
  };
  const std::vector<std::int64_t> expected = {1, 3, 48, 48};
  for (const char* name : {"CLIPImageProcessor", "ViTImageProcessor", "DeiTImageProcessor",
                           "SiglipImageProcessor", "BlipImageProcessor"}) {
    EXPECT_EQ(shape_at(ImageProcessorConfig::of_class(name), 48), expected) << name;
  }
  const auto resized_to = [](const ImageProcessorConfig& config, int side) {
    return ConfiguredImageProcessor(config).with_size(side)->resized_side();
  };
  ImageProcessorConfig dino;
  dino.size.shortest_edge = 256;
  EXPECT_EQ(ConfiguredImageProcessor(dino).resized_side(), 256);
  EXPECT_EQ(resized_to(dino, 448), 512);
  EXPECT_EQ(resized_to({}, 336), 336);
  EXPECT_EQ(resized_to(ImageProcessorConfig::of_class("DeiTImageProcessor"), 112), 128);
  EXPECT_EQ(ConfiguredImageProcessor({.do_resize = false}).resized_side(), 0);
}

TEST(ConfiguredImageProcessor, RefusesWhatItCannotDo) {
  const Image image = formula_image(4, 3);
  const auto refused = [&](const ImageProcessorConfig& config, const std::string& part) {
    expect_error(ErrorCode::invalid_argument, part, [&] { process(config, {image}); });
  };
  refused({.resample = Resample::box, .backend = ImageBackend::torchvision},
          "torchvision has no filter with the number 4");
  refused({.resample = Resample::hamming, .backend = ImageBackend::torchvision},
          "torchvision has no filter with the number 5");
  refused({.resample = static_cast<Resample>(6)}, "no resampling filter has the number 6");
  refused({.size = {}}, "cannot preprocess to an empty image");
  refused({.crop_height = 0}, "cannot preprocess to an empty image");
  refused({.crop_width = 70'000}, "sides must be 1 to 65535");
  expect_error(ErrorCode::invalid_argument, "no images", [] { process({}, {}); });
  expect_error(ErrorCode::invalid_argument, "empty image", [] { process({}, {Image()}); });
  expect_error(ErrorCode::invalid_argument,
               "their aspect ratio is kept and nothing is cropped: image 1 is 224 x 298, the first "
               "298 x 224",
               [] {
                 process({.do_center_crop = false}, {formula_image(64, 48), formula_image(48, 64)});
               });
}

}  // namespace
}  // namespace blip
