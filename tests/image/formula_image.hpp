// A picture made from integers alone, the same here and in tools/reference/make_image_fixtures.py.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include "blip/image.hpp"

namespace blip {

inline Image formula_image(int width, int height) {
  std::vector<std::uint8_t> rgb;
  for (std::uint32_t y = 0; y < static_cast<std::uint32_t>(height); ++y) {
    for (std::uint32_t x = 0; x < static_cast<std::uint32_t>(width); ++x) {
      for (std::uint32_t c = 0; c < 3; ++c) {
        const std::uint32_t value =
            x * 7 + y * 13 + c * 29 + (x * y) % 31 * 5 + ((x * x + 3 * y * y) >> 4) * 11;
        rgb.push_back(static_cast<std::uint8_t>(value & 255));
      }
    }
  }
  return {width, height, std::move(rgb)};
}

/// FNV-1a of 64 bits, in hexadecimal.
inline std::string fnv1a(std::span<const std::byte> bytes) {
  std::uint64_t value = 0xcbf29ce484222325;
  for (const std::byte byte : bytes) {
    value = (value ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001b3;
  }
  std::string text(17, '\0');
  text.resize(static_cast<std::size_t>(
      std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(value))));
  return text;
}

}  // namespace blip
