#include "serve/dialects/base64.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "blip/error.hpp"
#include "core/base64.hpp"

namespace blip::serve {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::int8_t kNoDigit = -1;
constexpr std::int8_t kSkipped = -2;

constexpr std::array<std::int8_t, 256> digits() {
  std::array<std::int8_t, 256> values{};
  values.fill(kNoDigit);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::int8_t>(i);
  }
  values['-'] = 62;
  values['_'] = 63;
  for (const char space : {' ', '\t', '\r', '\n'}) {
    values[static_cast<unsigned char>(space)] = kSkipped;
  }
  return values;
}

constexpr std::array<std::int8_t, 256> kDigits = digits();

// The 24 bits of four digits; negative if one of them is none.
std::int32_t four_digits(std::string_view four) {
  const auto digit = [four](std::size_t i) -> std::int32_t {
    return kDigits[static_cast<unsigned char>(four[i])];
  };
  return digit(0) << 18 | digit(1) << 12 | digit(2) << 6 | digit(3);
}

}  // namespace

std::optional<std::string> decode_base64(std::string_view text) {
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  std::size_t size = 0;
  std::uint32_t bits = 0;
  int num_bits = 0;
  std::size_t num_digits = 0;
  std::size_t padding = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    // Four digits that begin a byte: nearly all of a text.
    while (num_bits == 0 && padding == 0 && i + 4 < text.size()) {
      const std::int32_t four = four_digits(text.substr(i, 4));
      if (four < 0) break;
      bytes[size++] = static_cast<char>(four >> 16 & 0xFF);
      bytes[size++] = static_cast<char>(four >> 8 & 0xFF);
      bytes[size++] = static_cast<char>(four & 0xFF);
      i += 4;
    }
    const char c = text[i];
    const std::int8_t digit = kDigits[static_cast<unsigned char>(c)];
    if (digit == kSkipped) continue;
    if (c == '=') {
      if (++padding > 2) return std::nullopt;
      continue;
    }
    if (digit == kNoDigit || padding > 0) return std::nullopt;
    ++num_digits;
    bits = (bits << 6) | static_cast<std::uint32_t>(digit);
    num_bits += 6;
    if (num_bits >= 8) {
      num_bits -= 8;
      bytes[size++] = static_cast<char>((bits >> num_bits) & 0xFF);
    }
  }
  // A lone digit is six bits of a byte.
  if (num_digits % 4 == 1) return std::nullopt;
  bytes.resize(size);
  return bytes;
}

std::string encode_base64(std::string_view bytes) {
  return base64(std::as_bytes(std::span(bytes)));
}

Picture picture_of_text(std::string_view text, std::string_view field) {
  if (text.starts_with("http://") || text.starts_with("https://")) {
    return PictureUrl{std::string(text)};
  }
  if (text.starts_with("data:")) {
    const std::size_t comma = text.find(',');
    if (comma == std::string_view::npos || !text.substr(0, comma).ends_with(";base64")) {
      throw Error(ErrorCode::invalid_argument,
                  std::string(field) + ": a data URL without base64 data");
    }
    text.remove_prefix(comma + 1);
  }
  auto bytes = decode_base64(text);
  if (!bytes || bytes->empty()) {
    throw Error(ErrorCode::invalid_argument, std::string(field) + ": not a base64-encoded image");
  }
  const auto owner = std::make_shared<const std::string>(std::move(*bytes));
  return PictureBytes{.owner = owner, .bytes = *owner};
}

}  // namespace blip::serve
