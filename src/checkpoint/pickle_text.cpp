#include "checkpoint/pickle_text.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace blip {
namespace {

bool is_digits(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// The sequence's length by its first byte, 0 if that cannot be one.
std::size_t sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  if (lead >= 0xF0 && lead < 0xF5) return 4;
  return 0;
}

}  // namespace

std::optional<PickleValue> parse_pickle_number(char code, std::string_view line) {
  if (code == 'I' && (line == "00" || line == "01")) return line == "01";
  if (code == 'F') {
    double value = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value);
    if (error != std::errc() || end != line.data() + line.size()) return std::nullopt;
    return value;
  }
  if (code == 'L' && line.ends_with('L')) line.remove_suffix(1);
  if (!is_digits(line)) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value);
  if (error == std::errc::result_out_of_range) return PickleOpaque{};
  return value;
}

std::optional<PickleValue> parse_pickle_line(char code, std::string_view line) {
  if (code == 'S') {
    const bool quoted = line.size() >= 2 && (line.front() == '\'' || line.front() == '"') &&
                        line.front() == line.back();
    if (!quoted) return std::nullopt;
    line = line.substr(1, line.size() - 2);
  }
  // 'V' writes bytes above 0x7F as Latin-1 and all else as escapes; plain ASCII is the same in
  // both.
  const bool plain = std::all_of(line.begin(), line.end(), [](char character) {
    return static_cast<unsigned char>(character) < 0x80 && character != '\\';
  });
  if (!plain) return std::nullopt;
  return line;
}

PickleValue long_integer(std::string_view bytes) {
  if (bytes.empty()) return std::int64_t{0};
  if (bytes.size() > 8) return PickleOpaque{};
  const bool negative = (static_cast<unsigned char>(bytes.back()) & 0x80U) != 0;
  std::uint64_t value = negative ? ~std::uint64_t{0} : 0;
  for (std::size_t i = bytes.size(); i > 0; --i) {
    value = (value << 8U) | static_cast<unsigned char>(bytes[i - 1]);
  }
  return static_cast<std::int64_t>(value);
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[i + k]); };
    const std::size_t length = sequence_length(byte(0));
    if (length == 0 || length > text.size() - i) return false;
    for (std::size_t k = 1; k < length; ++k) {
      if ((byte(k) & 0xC0U) != 0x80U) return false;
    }
    // Longer than need be, or beyond U+10FFFF.
    if (byte(0) == 0xE0 && byte(1) < 0xA0) return false;
    if (byte(0) == 0xF0 && byte(1) < 0x90) return false;
    if (byte(0) == 0xF4 && byte(1) > 0x8F) return false;
    i += length;
  }
  return true;
}

}  // namespace blip
