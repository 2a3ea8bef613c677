// What Pillow shows where a GIF's first frame shows nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "image/resize.hpp"

namespace blip::image {

/// Dropping alpha, Pillow is left with the palette's colour of the transparent index, and it fills
/// the canvas around a smaller frame with that index too (0 if nothing is transparent). libvips
/// makes all of these pixels transparent black, so their colour has to be put back. It also
/// distrusts some canvas sizes (640 x 480, say) and shrinks them to the frames.
struct GifBackground {
  std::array<std::uint8_t, 3> colour{};
  /// The pixels of this colour are transparent.
  bool is_transparent = false;
  /// As the file says, or larger if the first frame needs it.
  Size canvas;
  /// The part of the canvas that the first frame covers.
  std::size_t left = 0;
  std::size_t top = 0;
  std::size_t right = 0;
  std::size_t bottom = 0;

  /// row: [width, samples], row y of the decoded canvas, alpha last → rgb: [width, 3]
  void fill(const void* row, std::size_t samples, int y, std::size_t width,
            std::uint8_t* rgb) const;

  /// rgb: [size.height, size.width, 3] → [canvas.height, canvas.width, 3], both from the top left
  [[nodiscard]] std::vector<std::uint8_t> on_canvas(std::vector<std::uint8_t> rgb, Size size) const;
};

/// Reads the blocks up to the first frame; nothing if they are broken off.
std::optional<GifBackground> gif_background(std::span<const std::byte> bytes);

}  // namespace blip::image
