#include <gtest/gtest.h>

#include <algorithm>

#include "blip/error.hpp"
#include "blip/image.hpp"
#include "fixtures.hpp"
#include "formula_image.hpp"

namespace blip {
namespace {

TEST(Resize, EqualsPillow) {
  const auto cases = fixtures("resize");
  ASSERT_GE(cases.size(), 100U);
  for (const auto& row : cases) {
    const Image source = formula_image(row[0], row[1]);
    const Image result = source.resized(row[2], row[3], static_cast<Resample>(row[4].get<int>()));
    EXPECT_EQ(result.width(), row[2].get<int>());
    EXPECT_EQ(result.height(), row[3].get<int>());
    EXPECT_EQ(fnv1a(std::as_bytes(result.pixels())), row[5].get<std::string>()) << row;
  }
}

TEST(Resize, KeepsThePixelsOfTheSameSize) {
  const Image source = formula_image(9, 4);
  for (const auto filter : {Resample::bicubic, Resample::bilinear, Resample::nearest}) {
    const Image result = source.resized(9, 4, filter);
    EXPECT_TRUE(std::ranges::equal(result.pixels(), source.pixels()));
  }
}

TEST(Resize, KeepsOneColour) {
  const Image source(50, 70, std::vector<std::uint8_t>(std::size_t{3} * 50 * 70, 201));
  for (const auto filter : {Resample::bicubic, Resample::lanczos, Resample::hamming}) {
    const Image result = source.resized(31, 93, filter);
    for (const std::uint8_t value : result.pixels()) ASSERT_EQ(value, 201);
  }
}

ErrorCode error_of(const Image& image, int width, int height, Resample filter) {
  try {
    static_cast<void>(image.resized(width, height, filter));
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::cancelled;
}

TEST(Resize, RefusesImpossibleSizesAndFilters) {
  const Image source = formula_image(3, 3);
  EXPECT_EQ(error_of(source, 0, 5, Resample::bicubic), ErrorCode::invalid_argument);
  EXPECT_EQ(error_of(source, 5, -1, Resample::bicubic), ErrorCode::invalid_argument);
  EXPECT_EQ(error_of(source, 65'536, 1, Resample::bicubic), ErrorCode::invalid_argument);
  EXPECT_EQ(error_of(source, 2, 2, static_cast<Resample>(6)), ErrorCode::invalid_argument);
  EXPECT_EQ(error_of(Image(), 2, 2, Resample::bicubic), ErrorCode::invalid_argument);
}

TEST(ImageFromPixels, MustHaveAsManyAsItsSizeSays) {
  EXPECT_NO_THROW(Image(2, 3, std::vector<std::uint8_t>(18)));
  for (const std::size_t bytes : {0U, 17U, 19U, 24U}) {
    EXPECT_THROW(Image(2, 3, std::vector<std::uint8_t>(bytes)), Error) << bytes;
  }
  EXPECT_THROW(Image(0, 3, {}), Error);
  EXPECT_THROW(Image(-1, -6, std::vector<std::uint8_t>(18)), Error);
}

}  // namespace
}  // namespace blip
