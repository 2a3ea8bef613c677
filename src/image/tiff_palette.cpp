#include "image/tiff_palette.hpp"

#include <cstdint>
#include <optional>

namespace blip::image {
namespace {

class TiffBytes {
 public:
  explicit TiffBytes(std::span<const std::byte> bytes) : bytes_(bytes) {}

  /// `count` bytes as a number in the file's own order; nothing beyond its end.
  [[nodiscard]] std::optional<std::uint64_t> number(std::uint64_t at, std::uint64_t count) const {
    if (!has(at, count)) return std::nullopt;
    const bool is_big_endian = bytes_[0] == std::byte{'M'};
    std::uint64_t value = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t byte = is_big_endian ? i : count - 1 - i;
      value = value << 8 | std::to_integer<std::uint64_t>(bytes_[at + byte]);
    }
    return value;
  }
  [[nodiscard]] bool has(std::uint64_t at, std::uint64_t count) const {
    return at <= bytes_.size() && bytes_.size() - at >= count;
  }

 private:
  std::span<const std::byte> bytes_;
};

// Where TIFF and BigTIFF keep the same things.
struct Layout {
  std::uint64_t first_directory;
  std::uint64_t offset_bytes;
  std::uint64_t count_bytes;
  std::uint64_t entry_bytes;
};
constexpr Layout kClassic = {4, 4, 2, 12};
constexpr Layout kBig = {8, 8, 8, 20};

}  // namespace

bool tiff_lacks_palette(std::span<const std::byte> bytes) {
  constexpr std::uint64_t kBigVersion = 43;
  constexpr std::uint64_t kPhotometric = 262;
  constexpr std::uint64_t kColourMap = 320;
  constexpr std::uint64_t kUsesPalette = 3;
  const TiffBytes file(bytes);
  const Layout layout = file.number(2, 2) == kBigVersion ? kBig : kClassic;
  const auto directory = file.number(layout.first_directory, layout.offset_bytes);
  if (!directory) return false;
  const auto entries = file.number(*directory, layout.count_bytes);
  if (!entries) return false;

  bool uses_palette = false;
  bool has_palette = false;
  for (std::uint64_t i = 0; i < *entries; ++i) {
    // The number was in the file, so its position is small and the sum cannot overflow; the loop
    // ends with the file, however many entries it claims.
    const std::uint64_t entry = *directory + layout.count_bytes + i * layout.entry_bytes;
    if (!file.has(entry, layout.entry_bytes)) break;
    const auto tag = file.number(entry, 2);
    const std::uint64_t value_at = entry + layout.entry_bytes - layout.offset_bytes;
    if (tag == kPhotometric) uses_palette = file.number(value_at, 2) == kUsesPalette;
    if (tag == kColourMap) {
      const auto count = file.number(entry + 4, layout.offset_bytes);
      const auto at = file.number(value_at, layout.offset_bytes);
      constexpr std::uint64_t kMaxEntries = 3 << 16;  // three channels of 16-bit indices
      has_palette = count && at && *count <= kMaxEntries && file.has(*at, 2 * *count);
    }
  }
  return uses_palette && !has_palette;
}

}  // namespace blip::image
