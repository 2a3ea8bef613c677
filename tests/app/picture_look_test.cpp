#include "app/library/picture_look.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <utility>
#include <vector>

namespace blip::app {
namespace {

Image photo(const std::string& name) {
  return Image::open(std::filesystem::path(BLIP_PHOTOS) / name);
}

ComparableLook look_of(const Image& image) {
  return ComparableLook(picture_look(image));
}

// A part of an image, or the same pixels in another order: at(x, y) → where they come from.
template <typename From>
Image rearranged(const Image& image, int width, int height, From&& from) {
  std::vector<std::uint8_t> pixels;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const auto [source_x, source_y] = from(x, y);
      const auto at = static_cast<std::size_t>(3 * (source_y * image.width() + source_x));
      for (std::size_t i = 0; i < 3; ++i) pixels.push_back(image.pixels()[at + i]);
    }
  }
  return Image(width, height, pixels);
}

constexpr const char* kPhotos[] = {"cat.jpg",          "gull.jpg",      "motorcycle.jpg",
                                   "skateboarder.jpg", "stop-sign.jpg", "table.jpg"};

TEST(PictureLook, TellsPicturesApart) {
  for (const char* a : kPhotos) {
    for (const char* b : kPhotos) {
      const float likeness = look_of(photo(a)).likeness(look_of(photo(b)));
      if (a == b) {
        EXPECT_NEAR(likeness, 1.0F, 1e-4) << a;
      } else {
        EXPECT_LT(likeness, 0.9F) << a << " " << b;
      }
    }
  }
}

TEST(PictureLook, FindsCrops) {
  for (const char* name : kPhotos) {
    const Image image = photo(name);
    const ComparableLook whole = look_of(image);
    const int left = image.width() / 7;
    const int top = image.height() / 20;
    const Image crop =
        rearranged(image, image.width() - left - image.width() / 20, image.height() - 3 * top,
                   [&](int x, int y) { return std::pair(x + left, y + top); });
    EXPECT_GT(whole.likeness(look_of(crop)), 0.97F) << name;
    EXPECT_GT(look_of(crop).likeness(whole), 0.97F) << name;
  }
}

TEST(PictureLook, FindsTurnedAndMirroredPictures) {
  const Image image = photo("cat.jpg");
  const int width = image.width();
  const int height = image.height();
  const ComparableLook whole = look_of(image);
  const Image turned =
      rearranged(image, height, width, [&](int x, int y) { return std::pair(y, height - 1 - x); });
  const Image back =
      rearranged(image, height, width, [&](int x, int y) { return std::pair(width - 1 - y, x); });
  const Image around = rearranged(
      image, width, height, [&](int x, int y) { return std::pair(width - 1 - x, height - 1 - y); });
  const Image mirrored =
      rearranged(image, width, height, [&](int x, int y) { return std::pair(width - 1 - x, y); });
  for (const Image& other : {turned, back, around, mirrored}) {
    const ComparableLook look = look_of(other);
    EXPECT_GT(whole.likeness(look), 0.995F);
    EXPECT_GT(look.likeness(whole), 0.995F);
    int nearest = 64;
    for (const std::uint64_t hash : look.hashes()) {
      nearest = std::min(nearest, __builtin_popcountll(hash ^ whole.hashes()[0]));
    }
    EXPECT_LE(nearest, 2);
  }
}

TEST(PictureLook, PlainPicturesTellNothing) {
  const ComparableLook plain(std::vector<std::uint8_t>(kLookBytes, 100));
  EXPECT_TRUE(plain.is_plain());
  EXPECT_EQ(plain.likeness(plain), 0.0F);
  EXPECT_FALSE(look_of(photo("cat.jpg")).is_plain());
}

}  // namespace
}  // namespace blip::app
