// Checksums over all code points, as the scripts in tools/reference write them.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace blip {

/// As zlib's crc32.
inline std::uint32_t crc32(const std::string& bytes) {
  static const auto kTable = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
      std::uint32_t crc = byte;
      for (int i = 0; i < 8; ++i) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
      table[byte] = crc;
    }
    return table;
  }();
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char byte : bytes) {
    crc = (crc >> 8) ^ kTable[(crc ^ static_cast<unsigned char>(byte)) & 0xFFU];
  }
  return ~crc;
}

/// One checksum per block of code points, over outcome(code point) joined by newlines.
template <typename Outcome>
void expect_checksums(const nlohmann::json& expected, char32_t block, const Outcome& outcome) {
  ASSERT_EQ(expected.size(), 0x110000 / block);
  for (char32_t first = 0; first < 0x110000; first += block) {
    std::string joined;
    bool any = false;
    for (char32_t c = first; c < first + block; ++c) {
      if (c >= 0xD800 && c <= 0xDFFF) continue;
      if (any) joined += '\n';
      any = true;
      joined += outcome(c);
    }
    EXPECT_EQ(crc32(joined), expected[first / block].get<std::uint32_t>())
        << "code points from U+" << std::hex << static_cast<unsigned>(first);
  }
}

}  // namespace blip
