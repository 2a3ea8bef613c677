#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <thread>
#include <utility>
#include <vector>

#include "blip/error.hpp"
#include "blip/image.hpp"
#include "fixtures.hpp"
#include "formula_image.hpp"

namespace blip {
namespace {

TEST(Decode, EqualsPillowInEveryMode) {
  const auto cases = fixtures("decode");
  ASSERT_GE(cases.size(), 140U);
  for (const auto& row : cases) {
    const std::string name = row[0];
    const Image plain = Image::open(fixture_file(name), {.blend_transparency = false});
    EXPECT_EQ(plain.width(), row[1].get<int>()) << name;
    EXPECT_EQ(plain.height(), row[2].get<int>()) << name;
    EXPECT_EQ(fnv1a(std::as_bytes(plain.pixels())), row[3].get<std::string>()) << name;

    const Image upright = Image::open(
        fixture_file(name), {.apply_exif_orientation = true, .blend_transparency = false});
    EXPECT_EQ(upright.width(), row[4].get<int>()) << name;
    EXPECT_EQ(upright.height(), row[5].get<int>()) << name;
    EXPECT_EQ(fnv1a(std::as_bytes(upright.pixels())), row[6].get<std::string>()) << name;
  }
}

TEST(Decode, ReadsFromMemoryWhatItReadsFromAFile) {
  const auto path = fixture_file("exif_6_jpeg");
  const Image from_file = Image::open(path);
  const Image from_memory = Image::decode(bytes_of(path));
  EXPECT_TRUE(std::ranges::equal(from_file.pixels(), from_memory.pixels()));
}

Image top_left(const Image& image, int width, int height) {
  std::vector<std::uint8_t> rgb;
  const auto row_bytes = std::size_t{3} * static_cast<std::size_t>(image.width());
  for (int y = 0; y < height; ++y) {
    const auto row = image.pixels().subspan(static_cast<std::size_t>(y) * row_bytes);
    rgb.insert(rgb.end(), row.begin(), row.begin() + std::ptrdiff_t{3} * width);
  }
  return {width, height, std::move(rgb)};
}

// libjpeg's own reduction is a mean over blocks; Pillow's box filter is one, too.
TEST(Decode, ShrinksAJpegAsFarAsItMay) {
  const std::string photo = BLIP_SOURCE_DIR "/examples/photos/cat.jpg";
  const Image exact = Image::open(photo);
  const int shorter = std::min(exact.width(), exact.height());
  for (const int factor : {2, 4, 8}) {
    const Image shrunk = Image::open(photo, {.shrink_to = shorter / factor});
    ASSERT_EQ(shrunk.width(), exact.width() / factor);
    ASSERT_EQ(shrunk.height(), exact.height() / factor);
    const Image whole_blocks = top_left(exact, shrunk.width() * factor, shrunk.height() * factor);
    const Image mean = whole_blocks.resized(shrunk.width(), shrunk.height(), Resample::box);
    double difference = 0;
    for (std::size_t i = 0; i < mean.pixels().size(); ++i) {
      difference += std::abs(int{mean.pixels()[i]} - int{shrunk.pixels()[i]});
    }
    EXPECT_LT(difference / static_cast<double>(mean.pixels().size()), 2.0) << factor;
  }
}

TEST(Decode, DoesNotShrinkBelowWhatIsAskedForNorOtherFormats) {
  const std::string photo = BLIP_SOURCE_DIR "/examples/photos/cat.jpg";
  const Image exact = Image::open(photo);
  const int shorter = std::min(exact.width(), exact.height());
  EXPECT_TRUE(std::ranges::equal(Image::open(photo, {.shrink_to = shorter / 2 + 1}).pixels(),
                                 exact.pixels()));
  const auto png = fixture_file("png_rgb_19x13");
  EXPECT_TRUE(
      std::ranges::equal(Image::open(png, {.shrink_to = 1}).pixels(), Image::open(png).pixels()));
}

TEST(Decode, WorksOnManyThreads) {
  const auto cases = fixtures("decode");
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (std::size_t start = 0; start < 4; ++start) {
    threads.emplace_back([&, start] {
      for (std::size_t i = start; i < cases.size(); i += 2) {  // two threads read each file
        const auto& row = cases[i % cases.size()];
        const Image image =
            Image::open(fixture_file(row[0].get<std::string>()), {.blend_transparency = false});
        if (fnv1a(std::as_bytes(image.pixels())) != row[3].get<std::string>()) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace blip
