#include "image/preprocess.hpp"

#include <gtest/gtest.h>

#include "blip/error.hpp"
#include "fixtures.hpp"
#include "formula_image.hpp"

namespace blip {
namespace {

BlipImageProcessorConfig config_of(const nlohmann::json& fields) {
  BlipImageProcessorConfig config;
  config.height = fields.at("height");
  config.width = fields.at("width");
  config.resample = static_cast<Resample>(fields.value("resample", 3));
  config.do_rescale = fields.value("do_rescale", true);
  config.do_normalize = fields.value("do_normalize", true);
  config.rescale_factor = fields.value("rescale_factor", config.rescale_factor);
  config.image_mean = fields.value("image_mean", config.image_mean);
  config.image_std = fields.value("image_std", config.image_std);
  return config;
}

TEST(Preprocess, EqualsTransformersToTheLastBit) {
  const auto cases = fixtures("preprocess");
  ASSERT_GE(cases.size(), 6U);
  for (const auto& row : cases) {
    std::vector<Image> images;
    for (const auto& size : row.at("sizes")) images.push_back(formula_image(size[0], size[1]));
    const auto config = config_of(row.at("config"));
    const Tensor batch = image::preprocess(images, config);
    EXPECT_EQ(batch.shape, (std::vector<std::int64_t>{2, 3, config.height, config.width}));
    EXPECT_EQ(fnv1a(std::as_bytes(batch.values())), row.at("hash").get<std::string>()) << row;
  }
}

TEST(Preprocess, MapsBlackGreyAndWhiteAsTheReferenceDoes) {
  const Image image(3, 1, {0, 0, 0, 128, 128, 128, 255, 255, 255});
  const Tensor batch = image::preprocess(std::span(&image, 1), {.do_resize = false});
  EXPECT_EQ(batch.shape, (std::vector<std::int64_t>{1, 3, 1, 3}));
  const std::vector<float> expected = {-1.7922626F, 0.076336145F, 1.9303361F,
                                       -1.7520971F, 0.16889732F,  2.0748837F,
                                       -1.4802198F, 0.33994877F,  2.145897F};
  EXPECT_EQ(batch.data, expected);
}

TEST(Preprocess, NeedsEqualSizesWhereItDoesNotResize) {
  const std::vector<Image> images = {formula_image(4, 3), formula_image(3, 4)};
  try {
    image::preprocess(images, {.do_resize = false});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
    EXPECT_STREQ(error.what(),
                 "images of one batch must have the same size when do_resize is false: "
                 "image 1 is 3 x 4, the first 4 x 3");
  }
}

TEST(Preprocess, RefusesNothingAndEmptyImages) {
  const Image empty;
  EXPECT_THROW(image::preprocess({}, {}), Error);
  EXPECT_THROW(image::preprocess(std::span(&empty, 1), {}), Error);
  EXPECT_THROW(image::preprocess(std::span(&empty, 1), {.do_resize = false}), Error);
  const Image image = formula_image(2, 2);
  EXPECT_THROW(image::preprocess(std::span(&image, 1), {.height = 0}), Error);
  EXPECT_THROW(image::preprocess(std::span(&image, 1), {.width = 70'000}), Error);
}

}  // namespace
}  // namespace blip
