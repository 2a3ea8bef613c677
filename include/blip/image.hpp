// Image: an 8-bit RGB picture, decoded exactly as by Pillow and transformers' convert_to_rgb.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "blip/export.hpp"

namespace blip {

struct ImageOptions {
  /// Rotate and mirror by the EXIF orientation tag. Off matches `PIL.Image.open`, which every BLIP
  /// model card uses; on is what people expect of their own photos (the command line's default).
  bool apply_exif_orientation = false;
  /// Refuse, before decoding, a picture with more pixels than this. The default is twice Pillow's
  /// `Image.MAX_IMAGE_PIXELS`, the size at which Pillow raises DecompressionBombError.
  std::int64_t max_pixels = 178'956'970;
  /// Decode a JPEG at a half, a quarter or an eighth of its size, the least that leaves both sides
  /// at least this many pixels: less to decode and to resize. Its pixels are then means over blocks
  /// of the exact ones, to rounding in libjpeg. 0: never.
  int shrink_to = 0;
  /// Lay transparent pixels over `background`, as the BLIP processor of transformers 5 does with
  /// what `PIL.Image.open` gives it: alpha channels, palettes with alpha and PNG's transparent
  /// colour (tRNS). Off drops the transparency, as `convert("RGB")` and transformers 4 do.
  bool blend_transparency = true;
  std::array<std::uint8_t, 3> background = {255, 255, 255};
};

/// Resampling filters, with Pillow's numbers (`PIL.Image.Resampling`), as they stand in
/// preprocessor_config.json's "resample".
enum class Resample { nearest = 0, lanczos = 1, bilinear = 2, bicubic = 3, box = 4, hamming = 5 };

/// Immutable: copies share their pixels.
class BLIP_API Image {
 public:
  Image() = default;
  /// Takes pixels as they are: rows top to bottom, R G B per pixel, 3 * width * height bytes.
  /// Throws invalid_argument if the size does not fit.
  Image(int width, int height, std::vector<std::uint8_t> rgb);
  /// The same without a copy: `owner` keeps the pixels alive, and nobody changes them.
  Image(int width, int height, std::span<const std::uint8_t> rgb,
        std::shared_ptr<const void> owner);

  /// Reads a picture from a file: JPEG, PNG, WebP, GIF and HEIC by libvips, TIFF by libtiff, AVIF
  /// by libavif, BMP by ourselves; the first bytes decide, not the name. Of an animation, the first
  /// frame. The pixels are Pillow's bit for bit, where Pillow reads the file (docs/parity.md says
  /// of which kinds of TIFF they are not, on purpose). HEIC, which it does not read, and TIFF, as
  /// it does, are turned upright always. ICC profiles are ignored. Transparent pixels show a white
  /// background, unless `options` says otherwise. Throws not_found, unreadable, malformed (empty,
  /// truncated or damaged: what Pillow refuses), unsupported or limit_exceeded (pixels, or a file
  /// over 1 GiB), naming the file.
  static Image open(const std::filesystem::path& path, const ImageOptions& options = {});

  /// The same from bytes in memory; `name` stands for the file in error messages.
  static Image decode(std::span<const std::byte> bytes, const ImageOptions& options = {},
                      const std::string& name = "image");

  /// Pillow 13's `Image.resize((width, height), filter)` bit for bit, for bicubic, bilinear,
  /// lanczos, box, hamming and nearest. (Pillow up to 12 rounds pictures that lose much more height
  /// than width a little differently: python-pillow/Pillow#9549.)
  /// Throws invalid_argument for a size outside 1…65,535.
  [[nodiscard]] Image resized(int width, int height, Resample filter = Resample::bicubic) const;

  [[nodiscard]] int width() const noexcept { return width_; }
  [[nodiscard]] int height() const noexcept { return height_; }
  /// [height, width, 3], row-major; valid as long as this image or a copy of it is.
  [[nodiscard]] std::span<const std::uint8_t> pixels() const noexcept { return rgb_; }

 private:
  int width_ = 0;
  int height_ = 0;
  std::span<const std::uint8_t> rgb_;
  std::shared_ptr<const void> owner_;  // of rgb_
};

}  // namespace blip
