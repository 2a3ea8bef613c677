#include "image/heat_map.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "../core/expect_error.hpp"
#include "image/png_writer.hpp"
#include "image/text_mask.hpp"

namespace blip::image {
namespace {

// CIE's relative luminance, near enough.
double luminance(const Colour& colour) {
  const auto linear = [](std::uint8_t value) { return std::pow(value / 255.0, 2.2); };
  return 0.2126 * linear(colour[0]) + 0.7152 * linear(colour[1]) + 0.0722 * linear(colour[2]);
}

TEST(HeatMap, ColoursGetLighterAllTheWay) {
  double last = -1;
  for (int i = 0; i <= 50; ++i) {
    const double lightness = std::cbrt(luminance(heat_colour(static_cast<float>(i) / 50)));
    EXPECT_GT(lightness, last) << i;
    last = lightness;
  }
  EXPECT_EQ(heat_colour(-1), heat_colour(0));
  EXPECT_EQ(heat_colour(2), heat_colour(1));
  EXPECT_EQ(heat_colour(1), (Colour{0xFC, 0xFF, 0xA4}));
}

TEST(HeatMap, IsHotWhereTheMapIsGreatest) {
  const Image grey(40, 20, std::vector<std::uint8_t>(40 * 20 * 3, 128));
  const std::vector<float> map = {0.001F, 0.002F, 0.001F, 0.001F, 0.001F, 0.009F};
  const Image over = heat_map_over(grey, map, 2, 3);
  ASSERT_EQ(over.width(), 40);
  ASSERT_EQ(over.height(), 20);
  const auto red = [&](int x, int y) {
    return over.pixels()[static_cast<std::size_t>(3 * (y * 40 + x))];
  };
  EXPECT_GT(red(37, 17), 180);  // the last place of the map
  EXPECT_LT(red(2, 17), 100);   // darkened
  EXPECT_LT(red(37, 2), 100);
}

TEST(HeatMap, OfEqualNumbersIsColdEverywhere) {
  const Image white(6, 6, std::vector<std::uint8_t>(6 * 6 * 3, 255));
  const Image over = heat_map_over(white, std::vector<float>(4, 0.5F), 2, 2);
  for (const std::uint8_t value : over.pixels()) EXPECT_LT(value, 200);
}

TEST(HeatMap, RefusesWhatMakesNoMap) {
  const Image white(6, 6, std::vector<std::uint8_t>(6 * 6 * 3, 255));
  const std::vector<float> none = {0, 1, std::numeric_limits<float>::quiet_NaN(), 1};
  expect_error(ErrorCode::invalid_argument, "map", [&] { (void)heat_map_over(white, none, 2, 2); });
  expect_error(ErrorCode::invalid_argument, "map",
               [&] { (void)heat_map_over(white, std::vector<float>(4), 2, 3); });
  expect_error(ErrorCode::invalid_argument, "map", [&] { (void)heat_map_over(white, {}, 0, 0); });
}

TEST(PngWriter, WritesWhatImageReads) {
  std::vector<std::uint8_t> pixels(17 * 5 * 3);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(7 * i);
  const Image read = Image::decode(png_bytes(Image(17, 5, pixels)));
  ASSERT_EQ(read.width(), 17);
  EXPECT_EQ(std::vector(read.pixels().begin(), read.pixels().end()), pixels);
}

TEST(TextMask, DrawsLettersAndTakesAnyBytes) {
  const TextMask word = text_mask("cat", 12, false);
  EXPECT_GT(word.width, 10);
  EXPECT_GT(word.height, 5);
  EXPECT_EQ(word.coverage.size(), static_cast<std::size_t>(word.width * word.height));
  EXPECT_NE(std::count(word.coverage.begin(), word.coverage.end(), 255), 0);
  EXPECT_GT(text_mask("cat", 24, false).height, word.height);
  // Markup, and bytes that are not UTF-8, are text like any other.
  for (const char* text : {"<b>&amp;", "a < b & c", "\xff\xfe cat", "tab\tline\nend"}) {
    EXPECT_GT(text_mask(text, 12, true).width, word.width) << text;
  }
  // Long texts break into lines, and end somewhere.
  std::string words;
  for (int i = 0; i < 100'000; ++i) words += "word ";
  const TextMask lines = text_mask(words.substr(0, 60), 12, false, 120);
  EXPECT_GT(lines.height, 2 * word.height);
  EXPECT_LE(lines.width, 140);
  EXPECT_EQ(text_mask(words, 12, false, 200).height,
            text_mask(words + words, 12, false, 200).height);
  EXPECT_EQ(text_mask("", 12, false).width, 0);
  EXPECT_EQ(text_mask("  ", 12, false).width, 0);
}

}  // namespace
}  // namespace blip::image
