#include "image/tiff_tags.hpp"

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

constexpr std::uint64_t kAssociated = 1;

}  // namespace

bool TiffTags::is_ycbcr() const noexcept {
  constexpr std::uint64_t kYcbcr = 6;
  constexpr std::uint64_t kOldJpeg = 6;
  constexpr std::uint64_t kJpeg = 7;
  return photometric == kYcbcr && compression != kOldJpeg && compression != kJpeg;
}

bool TiffTags::needs_libtiff() const noexcept {
  constexpr std::uint64_t kUncompressed = 1;
  return is_ycbcr() &&
         (compression != kUncompressed || subsampled_width != 1 || subsampled_height != 1);
}

bool TiffTags::is_premultiplied() const noexcept {
  return extra_sample == kAssociated;
}

bool TiffTags::has_alpha(std::size_t samples) const noexcept {
  constexpr std::uint64_t kUnassociated = 2;
  constexpr std::uint64_t kCorelDraw = 999;
  if (extra_sample == kNoExtraSample) return samples == 4;
  return extra_sample == kAssociated || extra_sample == kUnassociated ||
         (extra_sample == kCorelDraw && samples == 4);
}

TiffTags tiff_tags(std::span<const std::byte> bytes) {
  constexpr std::uint64_t kBigVersion = 43;
  constexpr std::uint64_t kCompression = 259;
  constexpr std::uint64_t kPhotometric = 262;
  constexpr std::uint64_t kColourMap = 320;
  constexpr std::uint64_t kExtraSamples = 338;
  constexpr std::uint64_t kYcbcrSubsampling = 530;
  constexpr std::uint64_t kUsesPalette = 3;
  TiffTags tags;
  const TiffBytes file(bytes);
  const Layout layout = file.number(2, 2) == kBigVersion ? kBig : kClassic;
  const auto directory = file.number(layout.first_directory, layout.offset_bytes);
  if (!directory) return tags;
  const auto entries = file.number(*directory, layout.count_bytes);
  if (!entries) return tags;

  bool has_palette = false;
  for (std::uint64_t i = 0; i < *entries; ++i) {
    // The number was in the file, so its position is small and the sum cannot overflow; the loop
    // ends with the file, however many entries it claims.
    const std::uint64_t entry = *directory + layout.count_bytes + i * layout.entry_bytes;
    if (!file.has(entry, layout.entry_bytes)) break;
    const auto tag = file.number(entry, 2);
    const auto count = file.number(entry + 4, layout.offset_bytes);
    // Values that fit stand in the entry itself, others where it says.
    const std::uint64_t value_at = entry + layout.entry_bytes - layout.offset_bytes;
    const auto elsewhere = file.number(value_at, layout.offset_bytes);
    const std::uint64_t value = file.number(value_at, 2).value_or(0);
    if (tag == kCompression) tags.compression = value;
    if (tag == kPhotometric) tags.photometric = value;
    if (tag == kYcbcrSubsampling) {
      tags.subsampled_width = value;
      tags.subsampled_height = file.number(value_at + 2, 2).value_or(0);
    }
    if (tag == kColourMap) {
      constexpr std::uint64_t kMaxEntries = 3 << 16;  // three channels of 16-bit indices
      has_palette = count && elsewhere && *count <= kMaxEntries && file.has(*elsewhere, 2 * *count);
    }
    if (tag == kExtraSamples && count && *count > 0 && elsewhere) {
      const bool fits = *count <= layout.offset_bytes / 2;
      const auto extra_sample = file.number(fits ? value_at : *elsewhere, 2);
      tags.extra_sample = extra_sample.value_or(TiffTags::kNoExtraSample);
    }
  }
  tags.lacks_palette = tags.photometric == kUsesPalette && !has_palette;
  return tags;
}

}  // namespace blip::image
