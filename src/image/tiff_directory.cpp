#include "image/tiff_directory.hpp"

#include <algorithm>
#include <array>

namespace blip::image {
namespace {

// Where TIFF and BigTIFF keep the same things.
struct DirectoryLayout {
  std::uint64_t first_directory;
  std::uint64_t offset_bytes;
  std::uint64_t count_bytes;
  std::uint64_t entry_bytes;
};
constexpr DirectoryLayout kClassic = {4, 4, 2, 12};
constexpr DirectoryLayout kBig = {8, 8, 8, 20};

// Bytes of one value; 0: a type that nobody knows.
std::size_t value_bytes(std::uint64_t type) {
  constexpr std::array<std::size_t, 19> kByType = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4,
                                                   8, 4, 8, 4, 0, 0, 8, 8, 8};
  return type < kByType.size() ? kByType[type] : 0;
}

bool is_whole(std::uint64_t type) {
  constexpr std::uint64_t kRational = 5;
  constexpr std::uint64_t kFloating = 10;  // with signed rationals
  return type != kRational && (type < kFloating || type > 12);
}

std::uint64_t number_of(std::span<const std::byte> bytes, bool is_big_endian) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t at = is_big_endian ? i : bytes.size() - 1 - i;
    value = value << 8 | std::to_integer<std::uint64_t>(bytes[at]);
  }
  return value;
}

}  // namespace

TiffDirectory::TiffDirectory(std::span<const std::byte> bytes)
    : bytes_(bytes), is_big_endian_(!bytes.empty() && bytes[0] == std::byte{'M'}) {
  read();
}

std::optional<std::uint64_t> TiffDirectory::number_at(std::uint64_t at, std::uint64_t count) const {
  if (at > bytes_.size() || bytes_.size() - at < count) return std::nullopt;
  return number_of(bytes_.subspan(at, count), is_big_endian_);
}

void TiffDirectory::read() {
  constexpr std::uint64_t kBigVersion = 43;
  const DirectoryLayout layout = number_at(2, 2) == kBigVersion ? kBig : kClassic;
  const auto directory = number_at(layout.first_directory, layout.offset_bytes);
  if (!directory) return;
  const auto entries = number_at(*directory, layout.count_bytes);
  if (!entries) return;
  for (std::uint64_t i = 0; i < *entries; ++i) {
    // The number was in the file, so its position is small and the sum cannot overflow; the loop
    // ends with the file, however many entries it claims.
    const std::uint64_t entry = *directory + layout.count_bytes + i * layout.entry_bytes;
    if (!number_at(entry, layout.entry_bytes)) return;
    const std::uint64_t tag = *number_at(entry, 2);
    const std::uint64_t type = *number_at(entry + 2, 2);
    const std::uint64_t count = *number_at(entry + 4, layout.offset_bytes);
    const std::size_t one = value_bytes(type);
    if (one == 0 || count == 0 || fields_.contains(tag)) continue;
    if (count > bytes_.size() / one) continue;
    // Values that fit stand in the entry itself, others where it says.
    std::uint64_t at = entry + layout.entry_bytes - layout.offset_bytes;
    if (count * one > layout.offset_bytes) at = *number_at(at, layout.offset_bytes);
    // Pillow reads no further either where a file is cut short.
    if (at > bytes_.size() || bytes_.size() - at < count * one) return;
    fields_[tag] = {is_whole(type) ? one : 0, bytes_.subspan(at, count * one)};
  }
}

std::vector<std::uint64_t> TiffDirectory::numbers(std::uint16_t tag) const {
  constexpr std::size_t kMost = std::size_t{1} << 24;  // more strips than any picture has
  const auto field = fields_.find(tag);
  if (field == fields_.end() || field->second.value_bytes == 0) return {};
  const auto& [one, bytes] = field->second;
  std::vector<std::uint64_t> values(std::min(bytes.size() / one, kMost));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = number_of(bytes.subspan(i * one, one), is_big_endian_);
  }
  return values;
}

std::optional<std::uint64_t> TiffDirectory::number(std::uint16_t tag) const {
  const auto field = fields_.find(tag);
  if (field == fields_.end() || field->second.value_bytes == 0) return std::nullopt;
  return number_of(field->second.bytes.first(field->second.value_bytes), is_big_endian_);
}

std::uint64_t TiffDirectory::number_or(std::uint16_t tag, std::uint64_t otherwise) const {
  return number(tag).value_or(otherwise);
}

std::string_view TiffDirectory::text(std::uint16_t tag) const {
  const auto field = fields_.find(tag);
  if (field == fields_.end()) return {};
  const auto bytes = field->second.bytes;
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace blip::image
