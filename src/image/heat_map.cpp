#include "image/heat_map.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "blip/error.hpp"

namespace blip::image {
namespace {

// Ten points of the colour map, evenly spread.
constexpr std::array<Colour, 10> kInferno = {{{0x00, 0x00, 0x04},
                                              {0x1B, 0x0C, 0x41},
                                              {0x4A, 0x0C, 0x6B},
                                              {0x78, 0x1C, 0x6D},
                                              {0xA5, 0x2C, 0x60},
                                              {0xCF, 0x44, 0x46},
                                              {0xED, 0x69, 0x25},
                                              {0xFB, 0x9B, 0x06},
                                              {0xF7, 0xD1, 0x3D},
                                              {0xFC, 0xFF, 0xA4}}};

// How much of the colour is seen over a cold place, and over the hottest.
constexpr float kLeastCover = 0.35F;
constexpr float kMostCover = 0.65F;

std::uint8_t between(std::uint8_t from, std::uint8_t to, float part) {
  const float value = static_cast<float>(from) * (1 - part) + static_cast<float>(to) * part;
  return static_cast<std::uint8_t>(std::lround(value));
}

// The map in shades of grey, as the resizer takes it.
Image shades_of(std::span<const float> map, int rows, int columns) {
  const auto [least, most] = std::minmax_element(map.begin(), map.end());
  const float range = *most - *least;
  std::vector<std::uint8_t> grey;
  grey.reserve(map.size() * 3);
  for (const float value : map) {
    const float scaled = range > 0 ? (value - *least) / range : 0.0F;
    grey.insert(grey.end(), 3, static_cast<std::uint8_t>(std::lround(255 * scaled)));
  }
  return {columns, rows, std::move(grey)};
}

}  // namespace

Colour heat_colour(float value) {
  constexpr auto kLast = static_cast<float>(kInferno.size() - 1);
  const float place = std::clamp(value, 0.0F, 1.0F) * kLast;
  const auto below = static_cast<std::size_t>(std::min(std::floor(place), kLast - 1));
  const float part = place - static_cast<float>(below);
  Colour colour = {};
  for (std::size_t c = 0; c < colour.size(); ++c) {
    colour[c] = between(kInferno[below][c], kInferno[below + 1][c], part);
  }
  return colour;
}

Image heat_map_over(const Image& photo, std::span<const float> map, int rows, int columns) {
  if (rows < 1 || columns < 1 ||
      map.size() != static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns) ||
      !std::all_of(map.begin(), map.end(), [](float value) { return std::isfinite(value); })) {
    throw Error(ErrorCode::invalid_argument, "the numbers do not make a map");
  }
  const Image shades = shades_of(map, rows, columns).resized(photo.width(), photo.height());
  const auto pixels = photo.pixels();
  std::vector<std::uint8_t> rgb(pixels.begin(), pixels.end());
  for (std::size_t i = 0; i < rgb.size(); i += 3) {
    const float value = static_cast<float>(shades.pixels()[i]) / 255;
    const Colour colour = heat_colour(value);
    const float cover = kLeastCover + (kMostCover - kLeastCover) * value;
    for (std::size_t c = 0; c < 3; ++c) rgb[i + c] = between(rgb[i + c], colour[c], cover);
  }
  return {photo.width(), photo.height(), std::move(rgb)};
}

}  // namespace blip::image
