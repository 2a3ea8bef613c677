#include "search/postgresql_values.hpp"

#include <array>
#include <bit>
#include <concepts>

#include "core/unicode.hpp"

namespace blip::search {
namespace {

template <std::unsigned_integral Number>
void append_big_endian(Number value, std::string& bytes) {
  for (std::size_t i = sizeof(Number); i-- > 0;) {
    bytes.push_back(static_cast<char>(static_cast<unsigned char>(value >> (8 * i))));
  }
}

// bytes: sizeof(Number)
template <std::unsigned_integral Number>
Number big_endian(std::span<const std::byte> bytes) {
  Number value = 0;
  for (const std::byte byte : bytes.first(sizeof(Number))) {
    value = static_cast<Number>(value << 8U | std::to_integer<Number>(byte));
  }
  return value;
}

}  // namespace

std::string numbered_parameters(std::string_view sql) {
  std::string numbered;
  int count = 0;
  char quote = '\0';
  for (std::size_t i = 0; i < sql.size(); ++i) {
    const char c = sql[i];
    if (quote != '\0' || c == '\'' || c == '"') {
      if (quote == '\0') {
        quote = c;
      } else if (c == quote) {
        quote = '\0';
      }
      numbered += c;
      continue;
    }
    if (c != '?') {
      numbered += c;
      continue;
    }
    numbered += '$';
    const bool has_number = i + 1 < sql.size() && sql[i + 1] >= '1' && sql[i + 1] <= '9';
    if (!has_number) numbered += std::to_string(++count);
  }
  return numbered;
}

std::string postgresql_integer(std::int64_t value) {
  std::string bytes;
  append_big_endian(static_cast<std::uint64_t>(value), bytes);
  return bytes;
}

std::string postgresql_real(double value) {
  std::string bytes;
  append_big_endian(std::bit_cast<std::uint64_t>(value), bytes);
  return bytes;
}

std::string postgresql_text(std::string_view text) {
  std::string valid = replace_invalid_utf8(text);
  if (valid.find('\0') == std::string::npos) return valid;
  std::string without;
  for (const char c : valid) {
    if (c == '\0') {
      append_utf8(kReplacementCharacter, without);
    } else {
      without += c;
    }
  }
  return without;
}

std::string postgresql_vector(std::span<const float> vector) {
  std::string bytes;
  bytes.reserve(2 * sizeof(std::uint16_t) + vector.size_bytes());
  append_big_endian(static_cast<std::uint16_t>(vector.size()), bytes);
  append_big_endian(std::uint16_t{0}, bytes);
  for (const float value : vector) append_big_endian(std::bit_cast<std::uint32_t>(value), bytes);
  return bytes;
}

std::optional<std::int64_t> decoded_integer(unsigned type, std::span<const std::byte> bytes) {
  if (type == kPostgresqlInt8 && bytes.size() == sizeof(std::uint64_t)) {
    return static_cast<std::int64_t>(big_endian<std::uint64_t>(bytes));
  }
  if (type == kPostgresqlInt4 && bytes.size() == sizeof(std::uint32_t)) {
    return std::int64_t{static_cast<std::int32_t>(big_endian<std::uint32_t>(bytes))};
  }
  if (type == kPostgresqlBool && bytes.size() == 1) {
    return std::int64_t{bytes[0] != std::byte{0}};
  }
  return std::nullopt;
}

std::optional<double> decoded_real(unsigned type, std::span<const std::byte> bytes) {
  if (type != kPostgresqlFloat8 || bytes.size() != sizeof(std::uint64_t)) return std::nullopt;
  return std::bit_cast<double>(big_endian<std::uint64_t>(bytes));
}

bool decode_vector(std::span<const std::byte> bytes, std::span<float> vector) {
  constexpr std::size_t kHeader = 2 * sizeof(std::uint16_t);
  if (bytes.size() != kHeader + vector.size_bytes()) return false;
  if (big_endian<std::uint16_t>(bytes) != vector.size()) return false;
  for (std::size_t i = 0; i < vector.size(); ++i) {
    const auto value = bytes.subspan(kHeader + i * sizeof(float), sizeof(float));
    vector[i] = std::bit_cast<float>(big_endian<std::uint32_t>(value));
  }
  return true;
}

}  // namespace blip::search
