#include "image/jpeg_writer.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace blip::image {
namespace {

TEST(JpegWriter, WritesWhatImageReads) {
  std::vector<std::uint8_t> pixels;
  for (int y = 0; y < 16; ++y) {
    for (int x = 0; x < 24; ++x) {
      for (const int value : {10 * x, 15 * y, 128}) {
        pixels.push_back(static_cast<std::uint8_t>(value));
      }
    }
  }
  const Image image(24, 16, pixels);
  const Image read = Image::decode(jpeg_bytes(image, 95));
  ASSERT_EQ(read.width(), 24);
  ASSERT_EQ(read.height(), 16);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    ASSERT_NEAR(read.pixels()[i], pixels[i], 16) << i;  // colours are halved in resolution
  }
  EXPECT_LT(jpeg_bytes(image, 20).size(), jpeg_bytes(image, 95).size());
}

}  // namespace
}  // namespace blip::image
