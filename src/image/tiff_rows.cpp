#include "image/tiff_rows.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "image/ycbcr.hpp"

namespace blip::image {
namespace {

using Colours = TiffLayout::Colours;

constexpr std::array<std::uint8_t, 256> make_reversed() {
  std::array<std::uint8_t, 256> table{};
  for (unsigned i = 0; i < 256; ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      if ((i & 1U << bit) != 0) table[i] = static_cast<std::uint8_t>(table[i] | 0x80U >> bit);
    }
  }
  return table;
}
constexpr std::array<std::uint8_t, 256> kReversed = make_reversed();

// A byte of a row; its bits in the order that is usual.
class Bytes {
 public:
  Bytes(std::span<const std::byte> row, bool low_bit_first)
      : row_(row), low_bit_first_(low_bit_first) {}
  std::uint8_t operator[](std::size_t at) const {
    const auto value = std::to_integer<std::uint8_t>(row_[at]);
    return low_bit_first_ ? kReversed[value] : value;
  }

 private:
  std::span<const std::byte> row_;
  bool low_bit_first_;
};

// Pillow's: colour that was multiplied by its alpha, divided by it.
void unmultiply(std::uint8_t* pixel) {
  const int alpha = pixel[3];
  if (alpha == 0) pixel[0] = pixel[1] = pixel[2] = 0;
  if (alpha == 0 || alpha == 255) return;
  for (int c = 0; c < 3; ++c) {
    pixel[c] = static_cast<std::uint8_t>(std::min(pixel[c] * 255 / alpha, 255));
  }
}

}  // namespace

TiffRows::TiffRows(const TiffTags& tags, const TiffLayout& layout, std::optional<Colour> background)
    : layout_(layout), background_(background) {
  if (layout.colours == Colours::palette) palette_ = tiff_palette(tags);
  if (layout.colours == Colours::lab) lab_.emplace();
}

void TiffRows::unpack_bytes(std::span<const std::byte> row, bool is_big_endian, bool low_bit_first,
                            std::size_t width) {
  const Bytes bytes(row, low_bit_first);
  const std::size_t count = width * layout_.samples;
  samples_.resize(count);
  if (layout_.bits >= 8) {  // of 16, the high ones
    const std::size_t step = layout_.bits / 8;
    const std::size_t first = is_big_endian ? 0 : step - 1;
    for (std::size_t i = 0; i < count; ++i) samples_[i] = bytes[i * step + first];
  } else {
    // Grey is stretched to 0…255, an index is not.
    const unsigned most = (1U << layout_.bits) - 1;
    const unsigned scale = layout_.colours == Colours::grey ? 255 / most : 1;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t bit = i * layout_.bits;
      const unsigned value = bytes[bit / 8] >> (8 - layout_.bits - bit % 8);
      samples_[i] = static_cast<std::uint8_t>((value & most) * scale);
    }
  }
  if (layout_.white_is_zero) {
    for (std::uint8_t& sample : samples_) sample = static_cast<std::uint8_t>(~sample);
  }
}

void TiffRows::unpack_deep(std::span<const std::byte> row, bool is_big_endian, bool low_bit_first,
                           std::size_t width) {
  const Bytes bytes(row, low_bit_first);
  const std::size_t step = size_of(layout_.type);
  samples_.resize(width * step);
  if (layout_.bits == 12) {
    for (std::size_t x = 0; x < width; ++x) {
      const std::size_t at = x * 3 / 2;
      const unsigned pair =
          x % 2 == 0 ? bytes[at] << 4 | bytes[at + 1] >> 4 : (bytes[at] & 15) << 8 | bytes[at + 1];
      const auto value = static_cast<std::uint16_t>(pair);
      std::memcpy(samples_.data() + 2 * x, &value, 2);
    }
    return;
  }
  const bool is_swapped = is_big_endian != (std::endian::native == std::endian::big);
  for (std::size_t i = 0; i < width * step; ++i) {
    samples_[i] = bytes[is_swapped ? i / step * step + (step - 1 - i % step) : i];
  }
}

void TiffRows::colour(std::size_t width, std::uint8_t* rgb) {
  const std::size_t step = layout_.samples;
  switch (layout_.colours) {
    case Colours::palette:
      for (std::size_t x = 0; x < width; ++x) {
        std::ranges::copy(palette_[samples_[x * step]], rgb + 3 * x);
      }
      return;
    case Colours::lab:
      lab_->convert(samples_.data(), width, rgb);
      return;
    case Colours::rgb:
      if (layout_.is_premultiplied) {
        for (std::size_t x = 0; x < width; ++x) unmultiply(samples_.data() + x * step);
      }
      [[fallthrough]];
    default: {
      const ColourModel model = layout_.colours == Colours::grey   ? ColourModel::grey
                                : layout_.colours == Colours::cmyk ? ColourModel::cmyk
                                                                   : ColourModel::rgb;
      const PixelLayout pixels = {
          .type = layout_.type, .model = model, .samples = step, .clip_u16 = true};
      row_to_rgb(samples_.data(), pixels, width, rgb);
      if (layout_.colours == Colours::ycbcr) ycbcr_to_rgb(rgb, width);
    }
  }
}

void TiffRows::convert(std::span<const std::byte> row, bool is_big_endian, bool low_bit_first,
                       std::size_t width, std::uint8_t* rgb) {
  if (layout_.type == SampleType::u8) {
    unpack_bytes(row, is_big_endian, low_bit_first, width);
  } else {
    unpack_deep(row, is_big_endian, low_bit_first, width);
  }
  colour(width, rgb);
  if (background_ && layout_.has_alpha) {
    blend_row(samples_.data(), layout_.samples, 1, width,
              {.alpha_sample = layout_.colour_samples()}, *background_, rgb);
  }
}

}  // namespace blip::image
