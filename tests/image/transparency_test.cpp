#include "image/transparency.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "blip/error.hpp"
#include "blip/image.hpp"
#include "fixtures.hpp"
#include "formula_image.hpp"
#include "image/png_check_sums.hpp"

namespace blip {
namespace {

std::string hash_of(const Image& image) {
  return fnv1a(std::as_bytes(image.pixels()));
}

TEST(Transparency, EqualsTransformersInEveryMode) {
  const auto cases = fixtures("transparency");
  ASSERT_GE(cases.size(), 35U);
  for (const auto& row : cases) {
    const auto file = fixture_file(row[0].get<std::string>());
    EXPECT_EQ(hash_of(Image::open(file)), row[1].get<std::string>()) << file;
    EXPECT_EQ(hash_of(Image::open(file, {.background = {13, 200, 99}})), row[2].get<std::string>())
        << file;
  }
}

TEST(Transparency, OpaquePicturesHaveNoBackground) {
  const auto transparent = fixtures("transparency");
  const auto is_transparent = [&](const std::string& name) {
    return std::ranges::any_of(transparent, [&](const auto& row) { return row[0] == name; });
  };
  for (const auto& row : fixtures("decode")) {
    const std::string name = row[0];
    if (is_transparent(name)) continue;
    const Image image = Image::open(fixture_file(name), {.background = {1, 2, 3}});
    EXPECT_EQ(hash_of(image), row[3].get<std::string>()) << name;
  }
}

TEST(Transparency, BlendsAsPillowDoes) {
  const image::Colour white = {255, 255, 255};
  EXPECT_EQ(image::blended({10, 20, 30}, 255, white), (image::Colour{10, 20, 30}));
  EXPECT_EQ(image::blended({10, 20, 30}, 0, white), white);
  EXPECT_EQ(image::blended({10, 20, 30}, 128, white), (image::Colour{132, 137, 142}));
}

// Chunks whose lengths lie, and files that end within one.
TEST(Transparency, DamagedPngsHaveNone) {
  auto bytes = bytes_of(fixture_file("png_rgb_trns_19x13"));
  ASSERT_TRUE(image::png_transparency(bytes, 4).transparent_colour);
  for (std::size_t size = 0; size < 60 && size < bytes.size(); ++size) {
    static_cast<void>(image::png_transparency(std::span(bytes).first(size), 4));
    static_cast<void>(image::with_right_check_sums(std::span(bytes).first(size)));
  }
  bytes[8] = std::byte{0xff};  // IHDR's length
  EXPECT_FALSE(image::png_transparency(bytes, 4).any());
  EXPECT_FALSE(image::with_right_check_sums(bytes));
}

TEST(PngCheckSums, AreMendedWhereTheyAreWrong) {
  const auto wrong = bytes_of(fixture_file("png_check_sum_19x13"));
  const auto mended = image::with_right_check_sums(wrong);
  ASSERT_TRUE(mended);
  EXPECT_FALSE(std::ranges::equal(wrong, *mended));
  EXPECT_FALSE(image::with_right_check_sums(*mended));
  EXPECT_TRUE(std::ranges::equal(Image::decode(wrong).pixels(), Image::decode(*mended).pixels()));
}

}  // namespace
}  // namespace blip
