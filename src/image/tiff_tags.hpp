// What libvips does not say of a TIFF file, read from the directory of its first picture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace blip::image {

struct TiffTags {
  static constexpr std::uint64_t kNoExtraSample = ~std::uint64_t{0};

  std::uint64_t photometric = 0;
  std::uint64_t compression = 1;
  /// Pixels that share one Cb and Cr, along a row and a column.
  std::uint64_t subsampled_width = 1;
  std::uint64_t subsampled_height = 1;
  /// True if the picture needs a palette that the file, cut short perhaps, does not have. libtiff
  /// would show the palette's indices as shades of grey.
  bool lacks_palette = false;
  /// The first of ExtraSamples: what the sample behind the colour is.
  std::uint64_t extra_sample = kNoExtraSample;

  /// Whether the pixels are Y, Cb and Cr, which libvips takes for red, green and blue. Those of
  /// JPEG it converts.
  [[nodiscard]] bool is_ycbcr() const noexcept;
  /// Whether Pillow has libtiff convert them.
  [[nodiscard]] bool needs_libtiff() const noexcept;

  /// Whether that sample is an opacity that the colours are multiplied by.
  [[nodiscard]] bool is_premultiplied() const noexcept;
  /// Whether that sample is an opacity, `samples` being those of a pixel. Pillow takes a fourth one
  /// for that as well where the tag is missing.
  [[nodiscard]] bool has_alpha(std::size_t samples) const noexcept;
};

/// Nothing of a damaged directory is an error here: reading the pixels will report it.
TiffTags tiff_tags(std::span<const std::byte> bytes);

}  // namespace blip::image
