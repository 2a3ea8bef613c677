// The strips or tiles of a TIFF file, one after the other.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "image/tiff_file.hpp"
#include "image/tiff_tags.hpp"

namespace blip::image {

/// Uncompressed ones are taken from where the tags say, as Pillow does it, which looks at no byte
/// counts; the others are decoded by libtiff.
class TiffChunks {
 public:
  /// `bytes` and `tags` must outlive the object. Throws nothing: is_damaged() says it.
  TiffChunks(std::span<const std::byte> bytes, const TiffTags& tags, const TiffLayout& layout,
             bool is_big_endian);

  [[nodiscard]] bool is_damaged() const noexcept { return width_ == 0; }
  /// Of a chunk; the last ones may reach beyond the picture.
  [[nodiscard]] std::size_t width() const noexcept { return width_; }
  [[nodiscard]] std::size_t height() const noexcept { return height_; }
  /// Bytes from one row of a chunk to the next.
  [[nodiscard]] std::size_t stride() const noexcept { return stride_; }
  /// Each has chunks of its own: one sample of every pixel.
  [[nodiscard]] std::size_t planes() const noexcept { return planes_; }
  [[nodiscard]] bool is_big_endian() const noexcept { return is_big_endian_; }
  /// Whether the pixels stay as the tag FillOrder says.
  [[nodiscard]] bool low_bit_first() const noexcept { return low_bit_first_; }

  /// The first `rows` rows of the chunk at a pixel, of which the last may lack what lies beyond
  /// `columns`. Nothing if they are not all there.
  std::optional<std::span<const std::byte>> read(std::size_t plane, std::size_t x, std::size_t y,
                                                 std::size_t rows, std::size_t columns);

 private:
  /// Of a row of this many pixels in a plane.
  [[nodiscard]] std::size_t row_bytes(std::size_t columns) const;
  void set_uncompressed(bool is_big_endian);
  void set_compressed();
  [[nodiscard]] std::optional<std::size_t> offset_of(std::size_t plane, std::size_t x,
                                                     std::size_t y) const;

  std::span<const std::byte> bytes_;
  const TiffTags& tags_;
  std::size_t bits_;  ///< of a pixel in a plane
  std::size_t planes_;
  std::size_t width_ = 0;
  std::size_t height_ = 0;
  std::size_t stride_ = 0;
  bool is_big_endian_ = false;
  bool low_bit_first_ = false;
  std::optional<TiffFile> file_;
  std::vector<std::vector<std::byte>> buffers_;  ///< one for each plane
};

}  // namespace blip::image
