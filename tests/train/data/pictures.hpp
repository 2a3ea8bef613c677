// Small pictures and data sets of them, made in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "blip/image.hpp"
#include "dataset/shard_writer.hpp"

namespace blip::train {

/// 24-bit BMP, bottom-up, of a picture whose pixels depend on `seed`.
inline std::vector<std::byte> bmp_of(int width, int height, unsigned seed) {
  const int row_bytes = (3 * width + 3) / 4 * 4;
  const int size = 54 + row_bytes * height;
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size), 0);
  const auto put = [&](std::size_t at, int value, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      bytes[at + i] = static_cast<std::uint8_t>((value >> (8 * i)) & 0xFF);
    }
  };
  bytes[0] = 'B';
  bytes[1] = 'M';
  put(2, size, 4);
  put(10, 54, 4);
  put(14, 40, 4);
  put(18, width, 4);
  put(22, height, 4);
  put(26, 1, 2);
  put(28, 24, 2);
  for (int y = 0; y < height; ++y) {
    const auto row = bytes.begin() + 54 + std::ptrdiff_t{row_bytes} * y;
    for (int x = 0; x < 3 * width; ++x) {
      seed = seed * 1664525U + 1013904223U;
      row[x] = static_cast<std::uint8_t>(seed >> 24U);
    }
  }
  const auto* first = reinterpret_cast<const std::byte*>(bytes.data());
  return {first, first + bytes.size()};
}

/// `count` samples with two captions each ("caption N a", "caption N b") in one shard.
inline std::string write_caption_shard(const std::filesystem::path& directory, int count) {
  dataset::ShardWriter writer(directory / "captions");
  for (int i = 0; i < count; ++i) {
    dataset::Sample sample;
    sample.key = "key" + std::to_string(i);
    sample.pictures = {{"a.bmp", bmp_of(12 + i % 3, 10, static_cast<unsigned>(i))}};
    sample.captions = {"Caption " + std::to_string(i) + " a.",
                       "Caption " + std::to_string(i) + " b!"};
    writer.write(sample);
  }
  writer.finish();
  return (directory / "captions-000000.tar").string();
}

inline std::vector<std::uint8_t> pixels_of(const Image& image) {
  return {image.pixels().begin(), image.pixels().end()};
}

}  // namespace blip::train
