#include "image/transparency.hpp"

#include <algorithm>
#include <bit>
#include <string_view>

namespace blip::image {
namespace {

using namespace std::string_view_literals;

// Of a PNG's header.
constexpr std::size_t kSignature = 8;
constexpr std::size_t kBitDepthAt = 24;
constexpr std::size_t kColourTypeAt = 25;
constexpr unsigned kGrey = 0;
constexpr unsigned kRgb = 2;

unsigned byte_at(std::span<const std::byte> bytes, std::size_t at) {
  return std::to_integer<unsigned>(bytes[at]);
}

// The body of the tRNS chunk; empty if there is none before the pixels, where Pillow looks.
std::span<const std::byte> trns_chunk(std::span<const std::byte> bytes) {
  constexpr std::size_t kFrame = 12;  // length, name and check sum
  for (std::size_t at = kSignature; bytes.size() - at >= kFrame;) {
    const std::size_t length = byte_at(bytes, at) << 24 | byte_at(bytes, at + 1) << 16 |
                               byte_at(bytes, at + 2) << 8 | byte_at(bytes, at + 3);
    if (length > bytes.size() - at - kFrame) break;
    const std::string_view name(reinterpret_cast<const char*>(bytes.data()) + at + 4, 4);
    if (name == "tRNS"sv) return bytes.subspan(at + 8, length);
    if (name == "IDAT"sv) break;
    at += kFrame + length;
  }
  return {};
}

// Of 16-bit pictures Pillow compares the low bytes of the colour with the high ones of the pixels,
// and of grey ones of 2 and 4 bits the colour as it is stored with pixels stretched to 0…255. What
// is compared here is the same.
std::optional<Colour> transparent_colour(std::span<const std::byte> bytes) {
  const std::span<const std::byte> chunk = trns_chunk(bytes);
  const bool is_grey = byte_at(bytes, kColourTypeAt) == kGrey;
  if (chunk.size() < (is_grey ? 2U : 6U)) return std::nullopt;
  const auto low_byte = [&](std::size_t channel) {
    return static_cast<std::uint8_t>(byte_at(chunk, 2 * channel + 1));
  };
  if (!is_grey) return Colour{low_byte(0), low_byte(1), low_byte(2)};
  std::uint8_t grey = low_byte(0);
  if (byte_at(bytes, kBitDepthAt) == 1) {
    const bool is_white = grey != 0 || byte_at(chunk, 0) != 0;
    grey = is_white ? 255 : 0;
  }
  return Colour{grey, grey, grey};
}

std::uint8_t opacity(const std::uint8_t* sample, std::size_t sample_bytes) {
  const bool high_byte_last = std::endian::native == std::endian::little;
  return sample[high_byte_last ? sample_bytes - 1 : 0];
}

// Pillow's: (source * alpha + target * (255 - alpha)) / 255 with seven bits more, rounded.
std::uint8_t blended(std::uint8_t source, std::uint8_t target, unsigned alpha) {
  constexpr unsigned kBits = 7;
  const unsigned sum =
      (source * alpha << kBits) + (target * (255 - alpha) << kBits) + (0x80U << kBits);
  return static_cast<std::uint8_t>(((sum >> 8) + sum) >> (8 + kBits));
}

}  // namespace

Colour blended(const Colour& colour, std::uint8_t alpha, const Colour& background) noexcept {
  if (alpha == 0) return background;
  Colour result{};
  for (std::size_t c = 0; c < result.size(); ++c) {
    result[c] = blended(colour[c], background[c], alpha);
  }
  return result;
}

Transparency png_transparency(std::span<const std::byte> bytes, std::size_t samples) {
  if (bytes.size() <= kColourTypeAt) return {};
  Transparency transparency;
  const unsigned type = byte_at(bytes, kColourTypeAt);
  if (type == kGrey || type == kRgb) {
    transparency.transparent_colour = transparent_colour(bytes);
  } else if (samples == 2 || samples == 4) {
    transparency.alpha_sample = samples - 1;
  }
  return transparency;
}

void blend_row(const void* row, std::size_t samples, std::size_t sample_bytes, std::size_t width,
               const Transparency& transparency, const Colour& background, std::uint8_t* rgb) {
  const auto* pixel = static_cast<const std::uint8_t*>(row);
  for (std::size_t x = 0; x < width; ++x, pixel += samples * sample_bytes, rgb += 3) {
    Colour colour = {rgb[0], rgb[1], rgb[2]};
    if (transparency.transparent_colour) {
      if (colour == *transparency.transparent_colour) colour = background;
    } else if (transparency.alpha_sample) {
      const std::uint8_t alpha =
          opacity(pixel + *transparency.alpha_sample * sample_bytes, sample_bytes);
      colour = blended(colour, alpha, background);
    }
    std::copy(colour.begin(), colour.end(), rgb);
  }
}

}  // namespace blip::image
