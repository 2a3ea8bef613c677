#include "train/data/tone.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace blip::train {
namespace {

constexpr std::size_t kChannels = 3;
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

}  // namespace

Image with_auto_contrast(const Image& picture) {
  return by_tables(picture, auto_contrast_table);
}

Image equalized(const Image& picture) {
  return by_tables(picture, equalize_table);
}

}  // namespace blip::train
