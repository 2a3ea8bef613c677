#include "image/bmp.hpp"

#include <algorithm>
#include <bit>

#include "blip/error.hpp"

namespace blip::image {
namespace {

constexpr std::size_t kFileHeader = 14;
constexpr std::uint32_t kOs2Header = 12;

[[noreturn]] void fail_damaged(const std::string& name) {
  throw Error(ErrorCode::malformed, name + ": truncated or damaged BMP file");
}

[[noreturn]] void fail_unsupported(const std::string& name, const std::string& what) {
  throw Error(ErrorCode::unsupported, name + ": a BMP file with " + what + ", unsupported");
}

// Little-endian, `count` bytes; the caller has checked that they are there.
std::uint32_t number(std::span<const std::byte> bytes, std::size_t at, int count) {
  std::uint32_t value = 0;
  for (int i = 0; i < count; ++i) {
    value |= std::to_integer<std::uint32_t>(bytes[at + static_cast<std::size_t>(i)]) << (8 * i);
  }
  return value;
}

void require(std::span<const std::byte> bytes, std::size_t count, const std::string& name) {
  if (bytes.size() < count) fail_damaged(name);
}

// Where a channel may lie: a byte of its own, or one of the two layouts of 16 bits.
bool is_supported(const std::array<std::uint32_t, 3>& masks, std::uint32_t bits) {
  using Masks = std::array<std::uint32_t, 3>;
  if (bits == 16) return masks == Masks{0xf800, 0x7e0, 0x1f} || masks == Masks{0x7c00, 0x3e0, 0x1f};
  return std::ranges::all_of(masks, [&](std::uint32_t mask) {
    return std::popcount(mask) == 8 && std::countr_zero(mask) % 8 == 0 &&
           (bits == 32 || mask >> bits == 0);
  });
}

std::array<std::uint32_t, 3> masks_of(std::span<const std::byte> bytes, std::uint32_t bits,
                                      bool has_masks, const std::string& name) {
  std::array<std::uint32_t, 3> masks = {0xff0000, 0xff00, 0xff};
  if (bits == 16) masks = {0x7c00, 0x3e0, 0x1f};
  if (!has_masks) return masks;
  constexpr std::size_t kMasksAt = kFileHeader + 40;
  require(bytes, kMasksAt + 12, name);
  std::array<std::uint32_t, 3> given{};
  for (std::size_t c = 0; c < 3; ++c) given[c] = number(bytes, kMasksAt + 4 * c, 4);
  // Some writers leave them empty and mean the usual order.
  if (bits == 32 && given == std::array<std::uint32_t, 3>{}) return masks;
  if (!is_supported(given, bits)) fail_unsupported(name, "unusual channel masks");
  return given;
}

// Which bits are a pixel's alpha; 0: none. Only the longer headers have a mask for it, but a file
// that leaves all masks empty means it, too.
std::uint32_t alpha_mask_of(std::span<const std::byte> bytes, std::uint32_t header_bytes) {
  constexpr std::uint32_t kFirstWithAlpha = 56;
  constexpr std::size_t kMasksAt = kFileHeader + 40;
  const auto given = [&](std::size_t mask) { return number(bytes, kMasksAt + 4 * mask, 4); };
  const std::uint32_t alpha = header_bytes >= kFirstWithAlpha ? given(3) : 0;
  const bool are_empty = given(0) == 0 && given(1) == 0 && given(2) == 0;
  if (are_empty && alpha == 0) return 0xff000000;
  return std::popcount(alpha) == 8 && std::countr_zero(alpha) % 8 == 0 ? alpha : 0;
}

// bits of the pixel under `mask`, stretched to 0…255 with the division cut off, as Pillow does
std::uint8_t channel(std::uint32_t pixel, std::uint32_t mask) {
  const auto shift = static_cast<std::uint32_t>(std::countr_zero(mask));
  return static_cast<std::uint8_t>(((pixel & mask) >> shift) * 255 / (mask >> shift));
}

// What the three kinds of header say; the palette follows.
struct Fields {
  Size size;
  bool top_down = false;
  std::uint32_t bits = 0;
  std::uint32_t compression = 0;
  std::uint32_t colours = 0;
};

Fields os2_fields(std::span<const std::byte> bytes) {
  Fields fields;
  fields.size = {static_cast<int>(number(bytes, 18, 2)), static_cast<int>(number(bytes, 20, 2))};
  fields.bits = number(bytes, 24, 2);
  return fields;
}

Fields windows_fields(std::span<const std::byte> bytes, const std::string& name) {
  const auto width = static_cast<std::int32_t>(number(bytes, 18, 4));
  const auto height = static_cast<std::int32_t>(number(bytes, 22, 4));
  if (width < 0 || height == INT32_MIN) fail_damaged(name);
  Fields fields;
  fields.top_down = height < 0;
  fields.size = {width, fields.top_down ? -height : height};
  fields.bits = number(bytes, 28, 2);
  fields.compression = number(bytes, 30, 4);
  fields.colours = number(bytes, 46, 4);
  return fields;
}

// → 256 colours, black beyond the end of the file's own palette
std::vector<std::array<std::uint8_t, 3>> palette_of(std::span<const std::byte> palette,
                                                    std::size_t step) {
  std::vector<std::array<std::uint8_t, 3>> colours(256);
  for (std::size_t i = 0; i < std::min(palette.size() / step, colours.size()); ++i) {
    for (std::size_t c = 0; c < 3; ++c) {  // stored as blue, green, red
      colours[i][2 - c] = std::to_integer<std::uint8_t>(palette[step * i + c]);
    }
  }
  return colours;
}

}  // namespace

BmpHeader bmp_header(std::span<const std::byte> bytes, const std::string& name) {
  require(bytes, kFileHeader + kOs2Header, name);
  const std::uint32_t header_bytes = number(bytes, kFileHeader, 4);
  const bool is_os2 = header_bytes == kOs2Header;
  constexpr std::array<std::uint32_t, 6> kWindowsHeaders = {40, 52, 56, 64, 108, 124};
  if (!is_os2 && std::ranges::find(kWindowsHeaders, header_bytes) == kWindowsHeaders.end()) {
    fail_unsupported(name, "an unknown header");
  }
  require(bytes, kFileHeader + header_bytes, name);
  const Fields fields = is_os2 ? os2_fields(bytes) : windows_fields(bytes, name);
  if (fields.size.width == 0 || fields.size.height == 0) fail_damaged(name);
  constexpr std::array<std::uint32_t, 6> kDepths = {1, 4, 8, 16, 24, 32};
  if (std::ranges::find(kDepths, fields.bits) == kDepths.end()) {
    fail_unsupported(name, std::to_string(fields.bits) + " bits per pixel");
  }
  constexpr std::uint32_t kBitFields = 3;
  const bool has_masks = fields.compression == kBitFields;
  if (fields.compression != 0 && !has_masks) fail_unsupported(name, "compressed pixels");
  if (has_masks && fields.bits < 16) fail_unsupported(name, "unusual channel masks");

  BmpHeader header;
  header.size = fields.size;
  header.top_down = fields.top_down;
  header.bits = fields.bits;
  header.pixels_at = number(bytes, 10, 4);
  if (header.bits > 8) {
    header.masks = masks_of(bytes, header.bits, has_masks, name);
    if (has_masks && header.bits == 32) header.alpha_mask = alpha_mask_of(bytes, header_bytes);
    return header;
  }
  const std::size_t step = is_os2 ? 3 : 4;
  const std::size_t colours = fields.colours == 0 ? std::size_t{1} << fields.bits : fields.colours;
  if (colours > 65'536) fail_damaged(name);  // Pillow's limit
  const std::size_t palette_at = kFileHeader + header_bytes;
  require(bytes, palette_at + step * colours, name);
  header.palette = palette_of(bytes.subspan(palette_at, step * colours), step);
  // Some writers say that the pixels start where the palette does.
  if (header.pixels_at == palette_at) header.pixels_at += step * colours;
  return header;
}

std::vector<std::uint8_t> bmp_pixels(std::span<const std::byte> bytes, const BmpHeader& header,
                                     const std::string& name) {
  const std::size_t width = header.size.width;
  const std::size_t height = header.size.height;
  const std::size_t row_bytes = (width * header.bits + 31) / 32 * 4;
  const std::size_t last_row_bytes = (width * header.bits + 7) / 8;
  if (header.pixels_at > bytes.size() ||
      (bytes.size() - header.pixels_at) / row_bytes < height - 1 ||
      bytes.size() - header.pixels_at - row_bytes * (height - 1) < last_row_bytes) {
    fail_damaged(name);
  }
  std::vector<std::uint8_t> rgb(3 * width * height);
  std::uint8_t* target = rgb.data();
  for (std::size_t y = 0; y < height; ++y) {
    const std::size_t stored = header.top_down ? y : height - 1 - y;
    const auto row = bytes.subspan(header.pixels_at + stored * row_bytes, last_row_bytes);
    for (std::size_t x = 0; x < width; ++x, target += 3) {
      if (header.bits <= 8) {
        const std::size_t bit = x * header.bits;
        const std::uint32_t packed = number(row, bit / 8, 1) >> (8 - header.bits - bit % 8);
        const auto& colour = header.palette[packed & ((1U << header.bits) - 1)];
        std::copy(colour.begin(), colour.end(), target);
      } else {
        const int pixel_bytes = static_cast<int>(header.bits / 8);
        const std::uint32_t pixel = number(row, x * header.bits / 8, pixel_bytes);
        for (std::size_t c = 0; c < 3; ++c) target[c] = channel(pixel, header.masks[c]);
      }
    }
  }
  return rgb;
}

void blend_bmp(std::span<const std::byte> bytes, const BmpHeader& header, const Colour& background,
               std::vector<std::uint8_t>& rgb) {
  const std::size_t row_bytes = std::size_t{4} * header.size.width;
  for (std::size_t y = 0; y < static_cast<std::size_t>(header.size.height); ++y) {
    const std::size_t stored = header.top_down ? y : header.size.height - 1 - y;
    const auto row = bytes.subspan(header.pixels_at + stored * row_bytes, row_bytes);
    std::uint8_t* target = rgb.data() + y * 3 * header.size.width;
    for (std::size_t x = 0; x < row.size(); x += 4, target += 3) {
      const std::uint8_t alpha = channel(number(row, x, 4), header.alpha_mask);
      const Colour colour = blended({target[0], target[1], target[2]}, alpha, background);
      std::copy(colour.begin(), colour.end(), target);
    }
  }
}

}  // namespace blip::image
