#include "image/png_check_sums.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace blip::image {
namespace {

// CRC-32 of PNG and zlib, a byte at a time.
constexpr std::array<std::uint32_t, 256> make_remainders() {
  constexpr std::uint32_t kPolynomial = 0xedb88320U;
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t remainder = i;
    for (int bit = 0; bit < 8; ++bit) {
      remainder = remainder >> 1U ^ ((remainder & 1U) != 0 ? kPolynomial : 0U);
    }
    table[i] = remainder;
  }
  return table;
}
constexpr std::array<std::uint32_t, 256> kRemainders = make_remainders();

std::uint32_t check_sum(std::span<const std::byte> bytes) {
  std::uint32_t sum = 0xffffffffU;
  for (const std::byte byte : bytes) {
    sum = sum >> 8U ^ kRemainders[(sum ^ std::to_integer<std::uint32_t>(byte)) & 0xffU];
  }
  return ~sum;
}

std::uint32_t big_endian(std::span<const std::byte> bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value = value << 8U | std::to_integer<std::uint32_t>(bytes[at + i]);
  }
  return value;
}

}  // namespace

std::optional<std::vector<std::byte>> with_right_check_sums(std::span<const std::byte> bytes) {
  constexpr std::size_t kSignature = 8;
  constexpr std::size_t kFrame = 12;  // length, name and check sum
  std::optional<std::vector<std::byte>> mended;
  for (std::size_t at = kSignature; at <= bytes.size() && bytes.size() - at >= kFrame;) {
    const std::size_t length = big_endian(bytes, at);
    if (length > bytes.size() - at - kFrame) return std::nullopt;
    const std::string_view name(reinterpret_cast<const char*>(bytes.data()) + at + 4, 4);
    const std::size_t sum_at = at + 8 + length;
    const std::uint32_t sum = name == "IDAT" ? check_sum(bytes.subspan(at + 4, 4 + length)) : 0;
    if (name == "IDAT" && sum != big_endian(bytes, sum_at)) {
      if (!mended) mended.emplace(bytes.begin(), bytes.end());
      for (std::size_t i = 0; i < 4; ++i) {
        (*mended)[sum_at + i] = static_cast<std::byte>(sum >> (24 - 8 * i) & 0xffU);
      }
    }
    at += kFrame + length;
  }
  return mended;
}

}  // namespace blip::image
