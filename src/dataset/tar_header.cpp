#include "dataset/tar_header.hpp"

#include <algorithm>
#include <utility>

namespace blip::dataset {
namespace {

// POSIX.1-1988's layout ("ustar"): where each field begins and how long it is.
struct Field {
  std::size_t offset;
  std::size_t size;
};
constexpr Field kName = {0, 100};
constexpr Field kMode = {100, 8};
constexpr Field kOwner = {108, 8};
constexpr Field kGroup = {116, 8};
constexpr Field kSize = {124, 12};
constexpr Field kTime = {136, 12};
constexpr Field kChecksum = {148, 8};
constexpr std::size_t kType = 156;
constexpr Field kMagic = {257, 6};
constexpr Field kVersion = {263, 2};
constexpr Field kPrefix = {345, 155};

std::string_view bytes_of(const TarBlock& block, Field field) {
  return {reinterpret_cast<const char*>(block.data()) + field.offset, field.size};
}

// Up to the first NUL.
std::string_view text_of(const TarBlock& block, Field field) {
  const std::string_view bytes = bytes_of(block, field);
  return bytes.substr(0, bytes.find('\0'));
}

// Octal digits between blanks and a blank or NUL.
std::optional<std::uint64_t> octal(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  std::uint64_t value = 0;
  std::size_t i = 0;
  for (; i < text.size() && text[i] != ' ' && text[i] != '\0'; ++i) {
    if (text[i] < '0' || text[i] > '7') return std::nullopt;
    value = value * 8 + static_cast<std::uint64_t>(text[i] - '0');  // at most 12 digits: 36 bits
  }
  return value;
}

// GNU's way to sizes of 8 GiB and more: the first bit set, then a big-endian number.
std::optional<std::uint64_t> number_of(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if ((first & 0x80U) == 0) return octal(text);
  if (first != 0x80U) return std::nullopt;  // negative, or beyond 64 bits
  std::uint64_t value = 0;
  for (const char character : text.substr(1)) {
    if (value >> 55U != 0) return std::nullopt;  // would not fit 63 bits
    value = value << 8U | static_cast<unsigned char>(character);
  }
  return value;
}

// Counted as if the checksum's own field were blanks. Some old programs summed signed bytes.
bool has_checksum(const TarBlock& block, std::uint64_t expected) {
  std::int64_t sum = 0;
  std::int64_t signed_sum = 0;
  for (std::size_t i = 0; i < block.size(); ++i) {
    const bool own = i >= kChecksum.offset && i < kChecksum.offset + kChecksum.size;
    const auto byte = own ? std::uint8_t{' '} : std::to_integer<std::uint8_t>(block[i]);
    sum += byte;
    signed_sum += static_cast<std::int8_t>(byte);
  }
  const auto wanted = static_cast<std::int64_t>(expected);
  return sum == wanted || signed_sum == wanted;
}

void put(TarBlock& block, Field field, std::string_view text) {
  const std::size_t count = std::min(text.size(), field.size);
  for (std::size_t i = 0; i < count; ++i) {
    block[field.offset + i] = static_cast<std::byte>(text[i]);
  }
}

// `digits` octal digits with leading zeros; what follows in the field stays NUL.
void put_octal(TarBlock& block, Field field, std::uint64_t value, std::size_t digits) {
  for (std::size_t i = digits; i-- > 0; value /= 8) {
    block[field.offset + i] = static_cast<std::byte>('0' + value % 8);
  }
}

}  // namespace

bool is_end_block(const TarBlock& block) noexcept {
  return std::all_of(block.begin(), block.end(),
                     [](std::byte byte) { return byte == std::byte{}; });
}

TarHeaderResult parse_tar_header(const TarBlock& block) {
  const auto checksum = octal(bytes_of(block, kChecksum));
  if (!checksum || !has_checksum(block, *checksum)) {
    return {std::nullopt, "not a tar header (its checksum is wrong)"};
  }
  const auto size = number_of(bytes_of(block, kSize));
  if (!size) return {std::nullopt, "a tar header with an impossible size"};

  TarHeader header{std::string(text_of(block, kName)), *size, static_cast<char>(block[kType])};
  // GNU keeps other things where POSIX has the prefix, and says so by another magic.
  if (bytes_of(block, kMagic) == std::string_view("ustar\0", 6)) {
    const std::string_view prefix = text_of(block, kPrefix);
    if (!prefix.empty()) header.name = std::string(prefix) + '/' + header.name;
  }
  return {std::move(header), {}};
}

TarBlock tar_header(std::string_view name, std::uint64_t size, char type) {
  TarBlock block{};
  put(block, kName, name);
  put_octal(block, kMode, 0644, 7);
  put_octal(block, kOwner, 0, 7);
  put_octal(block, kGroup, 0, 7);
  put_octal(block, kSize, size, 11);
  put_octal(block, kTime, 0, 11);
  put(block, kChecksum, "        ");
  block[kType] = static_cast<std::byte>(type);
  put(block, kMagic, "ustar");
  put(block, kVersion, "00");
  std::uint64_t sum = 0;
  for (const std::byte byte : block) sum += std::to_integer<std::uint64_t>(byte);
  put_octal(block, kChecksum, sum, 6);
  block[kChecksum.offset + 6] = std::byte{};
  return block;
}

}  // namespace blip::dataset
