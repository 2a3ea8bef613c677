// Transparent pixels laid over a background, as transformers 5's convert_to_rgb has Pillow do it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace blip::image {

using Colour = std::array<std::uint8_t, 3>;

/// `colour` with this opacity over an opaque background: Pillow's alpha_composite.
Colour blended(const Colour& colour, std::uint8_t alpha, const Colour& background) noexcept;

/// How a picture says which of its pixels are transparent.
struct Transparency {
  /// Of the samples of a pixel, the one that is its opacity.
  std::optional<std::size_t> alpha_sample{};
  /// The colour that is transparent, as Pillow compares it: with the eight bits that it keeps of a
  /// sample.
  std::optional<Colour> transparent_colour{};

  [[nodiscard]] bool any() const noexcept { return alpha_sample || transparent_colour; }
};

/// Of a PNG file whose decoded pixels have `samples` samples.
Transparency png_transparency(std::span<const std::byte> bytes, std::size_t samples);

/// rgb: [width, 3] is blended in place. row: the pixels that it came from, [width, samples] of
/// `sample_bytes` bytes each, of which Pillow keeps the high one.
void blend_row(const void* row, std::size_t samples, std::size_t sample_bytes, std::size_t width,
               const Transparency& transparency, const Colour& background, std::uint8_t* rgb);

}  // namespace blip::image
