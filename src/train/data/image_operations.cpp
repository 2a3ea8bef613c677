#include "train/data/image_operations.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <utility>
#include <vector>

namespace blip::train {
namespace {

constexpr std::size_t kChannels = 3;

// Tone: each channel's values by a table that its own histogram gives.

constexpr std::size_t kValues = 256;
using Histogram = std::array<std::int64_t, kValues>;
using Table = std::array<std::uint8_t, kValues>;

Histogram histogram_of(const Image& picture, std::size_t channel) {
  Histogram histogram{};
  const auto pixels = picture.pixels();
  for (std::size_t i = channel; i < pixels.size(); i += kChannels) ++histogram[pixels[i]];
  return histogram;
}

Table identity_table() {
  Table table;
  for (std::size_t value = 0; value < kValues; ++value) {
    table[value] = static_cast<std::uint8_t>(value);
  }
  return table;
}

std::size_t smallest_value(const Histogram& histogram) {
  std::size_t value = 0;
  while (value + 1 < kValues && histogram[value] == 0) ++value;
  return value;
}

std::size_t largest_value(const Histogram& histogram) {
  std::size_t value = kValues - 1;
  while (value > 0 && histogram[value] == 0) --value;
  return value;
}

Table auto_contrast_table(const Histogram& histogram) {
  const auto low = static_cast<double>(smallest_value(histogram));
  const auto high = static_cast<double>(largest_value(histogram));
  if (high <= low) return identity_table();
  // Pillow's expressions: another order of the same arithmetic cuts off at another integer.
  const double scale = 255.0 / (high - low);
  const double offset = -low * scale;
  Table table;
  for (std::size_t value = 0; value < kValues; ++value) {
    const double stretched = static_cast<double>(value) * scale + offset;
    table[value] = static_cast<std::uint8_t>(std::clamp(stretched, 0.0, 255.0));
  }
  return table;
}

Table equalize_table(const Histogram& histogram) {
  std::int64_t pixels = 0;
  for (const std::int64_t count : histogram) pixels += count;
  const std::int64_t step = (pixels - histogram[largest_value(histogram)]) / 255;
  if (step == 0) return identity_table();
  Table table;
  std::int64_t darker = step / 2;
  for (std::size_t value = 0; value < kValues; ++value) {
    table[value] = static_cast<std::uint8_t>(std::min<std::int64_t>(darker / step, 255));
    darker += histogram[value];
  }
  return table;
}

Image by_tables(const Image& picture, Table (*table_of)(const Histogram&)) {
  const auto pixels = picture.pixels();
  std::vector<std::uint8_t> result(pixels.size());
  for (std::size_t channel = 0; channel < kChannels; ++channel) {
    const Table table = table_of(histogram_of(picture, channel));
    for (std::size_t i = channel; i < pixels.size(); i += kChannels) result[i] = table[pixels[i]];
  }
  return {picture.width(), picture.height(), std::move(result)};
}

// Moves by a matrix.

constexpr std::array<std::uint8_t, kChannels> kBorder = {kWarpBorder, kWarpBorder, kWarpBorder};

AffineMatrix inverse(const AffineMatrix& m) {
  const double determinant = m[0] * m[4] - m[1] * m[3];
  const double a = m[4] / determinant;
  const double b = -m[1] / determinant;
  const double c = -m[3] / determinant;
  const double d = m[0] / determinant;
  return {a, b, -(a * m[2] + b * m[5]), c, d, -(c * m[2] + d * m[5])};
}

const std::uint8_t* pixel_at(const Image& picture, std::int64_t x, std::int64_t y) {
  if (x < 0 || y < 0 || x >= picture.width() || y >= picture.height()) return kBorder.data();
  return picture.pixels().data() + static_cast<std::size_t>(y * picture.width() + x) * kChannels;
}

}  // namespace

Image with_auto_contrast(const Image& picture) {
  return by_tables(picture, auto_contrast_table);
}

Image equalized(const Image& picture) {
  return by_tables(picture, equalize_table);
}

AffineMatrix shear_x(double factor) {
  return {1, factor, 0, 0, 1, 0};
}

AffineMatrix shear_y(double factor) {
  return {1, 0, 0, factor, 1, 0};
}

AffineMatrix shift(double x, double y) {
  return {1, 0, x, 0, 1, y};
}

AffineMatrix rotation(int width, int height, double degrees) {
  const double angle = degrees * std::numbers::pi / 180.0;
  const double cosine = std::cos(angle);
  const double sine = std::sin(angle);
  const double x = width / 2.0;
  const double y = height / 2.0;
  return {cosine, sine, (1 - cosine) * x - sine * y, -sine, cosine, sine * x + (1 - cosine) * y};
}

Image warped(const Image& picture, const AffineMatrix& matrix) {
  const AffineMatrix source = inverse(matrix);
  std::vector<std::uint8_t> result(picture.pixels().size());
  std::uint8_t* target = result.data();
  for (int y = 0; y < picture.height(); ++y) {
    for (int x = 0; x < picture.width(); ++x, target += kChannels) {
      const double from_x = source[0] * x + source[1] * y + source[2];
      const double from_y = source[3] * x + source[4] * y + source[5];
      const double left = std::floor(from_x);
      const double top = std::floor(from_y);
      const double right_share = from_x - left;
      const double bottom_share = from_y - top;
      const auto column = static_cast<std::int64_t>(left);
      const auto row = static_cast<std::int64_t>(top);
      const std::uint8_t* const top_left = pixel_at(picture, column, row);
      const std::uint8_t* const top_right = pixel_at(picture, column + 1, row);
      const std::uint8_t* const bottom_left = pixel_at(picture, column, row + 1);
      const std::uint8_t* const bottom_right = pixel_at(picture, column + 1, row + 1);
      for (std::size_t c = 0; c < kChannels; ++c) {
        const double above = top_left[c] + right_share * (top_right[c] - top_left[c]);
        const double below = bottom_left[c] + right_share * (bottom_right[c] - bottom_left[c]);
        target[c] = static_cast<std::uint8_t>(above + bottom_share * (below - above) + 0.5);
      }
    }
  }
  return {picture.width(), picture.height(), std::move(result)};
}

}  // namespace blip::train
