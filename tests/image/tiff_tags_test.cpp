#include "image/tiff_tags.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "fixtures.hpp"

namespace blip::image {
namespace {

TiffTags tags_of(const std::vector<std::byte>& bytes) {
  return tiff_tags(TiffDirectory(bytes));
}

TEST(TiffTags, SayHowPixelsAreStored) {
  const auto bytes = bytes_of(fixture_file("tiff_rgb_premultiplied_planar_tiles_19x13"));
  const TiffTags tags = tags_of(bytes);
  EXPECT_EQ(tags.width, 19U);
  EXPECT_EQ(tags.height, 13U);
  EXPECT_TRUE(tags.is_planar);
  EXPECT_EQ(tags.tile_width, 16U);
  EXPECT_EQ(tags.offsets.size(), 8U);  // two tiles of each sample
  const auto layout = tiff_layout(tags, false);
  ASSERT_TRUE(layout);
  EXPECT_EQ(layout->colours, TiffLayout::Colours::rgb);
  EXPECT_EQ(layout->samples, 4U);
  EXPECT_TRUE(layout->has_alpha);
  EXPECT_TRUE(layout->is_premultiplied);
}

TEST(TiffTags, OneBitDepthIsThatOfAllSamples) {
  const TiffTags tags = tags_of(bytes_of(fixture_file("tiff_one_depth_for_all_19x13")));
  EXPECT_EQ(tags.bits, (std::vector<std::uint64_t>{8, 8, 8}));
}

// Pillow knows no such pixels; libvips has a look at them.
TEST(TiffTags, UnknownKindsHaveNoLayout) {
  TiffTags tags;
  tags.bits = {64};
  tags.sample_format = 3;
  tags.photometric = tiff_photometric::kBlackIsZero;
  EXPECT_FALSE(tiff_layout(tags, false));
  tags.bits = {8, 8, 4};
  tags.sample_format = 1;
  tags.photometric = tiff_photometric::kRgb;
  EXPECT_FALSE(tiff_layout(tags, false));
  tags.photometric = tiff_photometric::kPalette;
  tags.bits = {8};
  EXPECT_TRUE(tags.lacks_palette());
}

// Directories that end early, and every byte of one wrong.
TEST(TiffTags, DamagedDirectoriesAreSurvived) {
  auto bytes = bytes_of(fixture_file("tiff_palette_4_bits_1_19x13"));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::vector<std::byte> cut(bytes.begin(),
                                     bytes.begin() + static_cast<std::ptrdiff_t>(size));
    static_cast<void>(tags_of(cut));
  }
  for (auto& byte : bytes) {
    byte = ~byte;
    static_cast<void>(tiff_layout(tags_of(bytes), true));
    byte = ~byte;
  }
  EXPECT_EQ(tags_of(bytes).palette.size(), 48U);
}

}  // namespace
}  // namespace blip::image
