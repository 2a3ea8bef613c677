// What the tags of a TIFF file say of its first picture, and what its pixels are by Pillow's rules.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "image/pillow_rgb.hpp"
#include "image/tiff_directory.hpp"
#include "image/transparency.hpp"

namespace blip::image {

/// Values of the tag PhotometricInterpretation.
namespace tiff_photometric {
inline constexpr std::uint64_t kWhiteIsZero = 0;
inline constexpr std::uint64_t kBlackIsZero = 1;
inline constexpr std::uint64_t kRgb = 2;
inline constexpr std::uint64_t kPalette = 3;
inline constexpr std::uint64_t kCmyk = 5;
inline constexpr std::uint64_t kYcbcr = 6;
inline constexpr std::uint64_t kLab = 8;
}  // namespace tiff_photometric

/// Values of the tag Compression.
namespace tiff_compression {
inline constexpr std::uint64_t kNone = 1;
inline constexpr std::uint64_t kOldJpeg = 6;
inline constexpr std::uint64_t kJpeg = 7;
}  // namespace tiff_compression

struct TiffTags {
  std::uint64_t width = 0;
  std::uint64_t height = 0;
  std::uint64_t photometric = tiff_photometric::kWhiteIsZero;
  std::uint64_t compression = tiff_compression::kNone;
  /// Each sample of all pixels apart.
  bool is_planar = false;
  bool low_bit_first = false;
  std::vector<std::uint64_t> bits;  ///< of each sample
  std::vector<std::uint64_t> extra_samples;
  std::uint64_t sample_format = 1;  ///< 1: unsigned, 2: signed, 3: floating; 0: not one for all
  /// Pixels that share one Cb and Cr, along a row and a column.
  std::uint64_t subsampled_width = 1;
  std::uint64_t subsampled_height = 1;
  /// As stored; empty if there is no palette.
  std::vector<std::uint64_t> palette;
  /// 0: strips of the picture's width.
  std::uint64_t tile_width = 0;
  std::uint64_t chunk_height = 0;  ///< of strips or tiles
  std::vector<std::uint64_t> offsets;
  int orientation = 1;

  [[nodiscard]] bool is_uncompressed() const noexcept;
  /// Whether the picture needs a palette that the file, cut short perhaps, does not have. libtiff
  /// would show the palette's indices as shades of grey.
  [[nodiscard]] bool lacks_palette() const noexcept;
};

TiffTags tiff_tags(const TiffDirectory& directory);

/// How a pixel of a TIFF file is stored.
struct TiffLayout {
  enum class Colours { grey, palette, rgb, cmyk, ycbcr, lab };
  Colours colours = Colours::grey;
  /// Of grey; everything else becomes bytes.
  SampleType type = SampleType::u8;
  std::size_t bits = 8;  ///< of a sample: 1, 2, 4, 8, 12, 16 or 32
  std::size_t samples = 1;
  bool white_is_zero = false;
  bool has_alpha = false;  ///< behind the colour
  bool is_premultiplied = false;

  [[nodiscard]] std::size_t colour_samples() const noexcept;
};

/// Nothing if it is one of the kinds that Pillow does not read.
std::optional<TiffLayout> tiff_layout(const TiffTags& tags, bool is_big_endian);

/// The palette's colours, black where it has none. tags.palette is not empty.
std::vector<Colour> tiff_palette(const TiffTags& tags);

}  // namespace blip::image
