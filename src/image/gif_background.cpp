#include "image/gif_background.hpp"

#include <algorithm>

namespace blip::image {
namespace {

class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  [[nodiscard]] bool has(std::size_t count) const { return bytes_.size() - at_ >= count; }
  std::size_t byte() { return std::to_integer<std::size_t>(bytes_[at_++]); }
  std::size_t word() {
    const std::size_t low = byte();
    return low | byte() << 8;
  }
  std::span<const std::byte> take(std::size_t count) {
    const auto part = bytes_.subspan(at_, count);
    at_ += count;
    return part;
  }
  /// Data comes in blocks of up to 255 bytes, ended by an empty one. False if it breaks off.
  bool skip_blocks() {
    while (has(1)) {
      const std::size_t count = byte();
      if (count == 0) return true;
      if (!has(count)) return false;
      take(count);
    }
    return false;
  }

 private:
  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
};

constexpr std::size_t kHasPalette = 0x80;

// `flags` hold the palette's size: 2^(n + 1) colours of three bytes.
std::size_t palette_bytes(std::size_t flags) {
  return std::size_t{3} << ((flags & 7) + 1);
}

}  // namespace

std::optional<GifBackground> gif_background(std::span<const std::byte> bytes) {
  Reader reader(bytes);
  constexpr std::size_t kHeader = 13;
  if (!reader.has(kHeader)) return std::nullopt;
  reader.take(6);  // signature
  const std::size_t width = reader.word();
  const std::size_t height = reader.word();
  const std::size_t flags = reader.byte();
  reader.take(2);  // background index and aspect ratio, which nobody honours
  std::span<const std::byte> palette;
  if ((flags & kHasPalette) != 0) {
    if (!reader.has(palette_bytes(flags))) return std::nullopt;
    palette = reader.take(palette_bytes(flags));
  }

  std::optional<std::size_t> transparent;
  while (reader.has(1)) {
    const std::size_t introducer = reader.byte();
    if (introducer == '!') {
      constexpr std::size_t kGraphicControl = 0xf9;
      constexpr std::size_t kControlBytes = 4;
      if (!reader.has(2)) return std::nullopt;
      const std::size_t label = reader.byte();
      if (label == kGraphicControl && reader.has(1 + kControlBytes)) {
        const std::size_t count = reader.byte();
        if (count < kControlBytes || !reader.has(count)) return std::nullopt;
        const auto control = reader.take(count);
        if ((control[0] & std::byte{1}) != std::byte{0}) {
          transparent = std::to_integer<std::size_t>(control[3]);
        }
      }
      if (!reader.skip_blocks()) return std::nullopt;
    } else if (introducer == ',') {
      constexpr std::size_t kDescriptor = 9;
      if (!reader.has(kDescriptor)) return std::nullopt;
      GifBackground background;
      background.left = reader.word();
      background.top = reader.word();
      background.right = background.left + reader.word();
      background.bottom = background.top + reader.word();
      background.canvas = {static_cast<int>(std::max(width, background.right)),
                           static_cast<int>(std::max(height, background.bottom))};
      const std::size_t frame_flags = reader.byte();
      if ((frame_flags & kHasPalette) != 0) {
        if (!reader.has(palette_bytes(frame_flags))) return std::nullopt;
        palette = reader.take(palette_bytes(frame_flags));
      }
      background.is_transparent = transparent.has_value();
      const std::size_t index = transparent.value_or(0);
      for (std::size_t c = 0; c < 3; ++c) {
        if (palette.empty()) {
          background.colour[c] = static_cast<std::uint8_t>(index);  // Pillow: grey
        } else if (3 * index + c < palette.size()) {
          background.colour[c] = std::to_integer<std::uint8_t>(palette[3 * index + c]);
        }
      }
      return background;
    }
  }
  return std::nullopt;
}

void GifBackground::fill(const void* row, std::size_t samples, int y, std::size_t width,
                         std::uint8_t* rgb) const {
  const auto* pixel = static_cast<const std::uint8_t*>(row);
  const bool has_alpha = samples == 2 || samples == 4;
  const bool covered = static_cast<std::size_t>(y) >= top && static_cast<std::size_t>(y) < bottom;
  for (std::size_t x = 0; x < width; ++x, pixel += samples, rgb += 3) {
    const bool inside = covered && x >= left && x < right;
    if (!inside || (has_alpha && pixel[samples - 1] == 0)) {
      std::copy(colour.begin(), colour.end(), rgb);
    }
  }
}

std::vector<std::uint8_t> GifBackground::on_canvas(std::vector<std::uint8_t> rgb, Size size) const {
  if (size == canvas) return rgb;
  std::vector<std::uint8_t> result(std::size_t{3} * canvas.width * canvas.height);
  for (std::size_t i = 0; i < result.size(); i += 3) {
    std::copy(colour.begin(), colour.end(), result.begin() + static_cast<std::ptrdiff_t>(i));
  }
  const std::ptrdiff_t row = std::ptrdiff_t{3} * std::min(size.width, canvas.width);
  for (std::ptrdiff_t y = 0; y < std::min(size.height, canvas.height); ++y) {
    std::copy_n(rgb.begin() + 3 * y * size.width, row, result.begin() + 3 * y * canvas.width);
  }
  return result;
}

}  // namespace blip::image
