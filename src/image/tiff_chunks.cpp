#include "image/tiff_chunks.hpp"

#include <algorithm>
#include <bit>

namespace blip::image {
namespace {

std::size_t chunks_along(std::size_t length, std::size_t chunk) {
  return (length + chunk - 1) / chunk;
}

}  // namespace

TiffChunks::TiffChunks(std::span<const std::byte> bytes, const TiffTags& tags,
                       const TiffLayout& layout, bool is_big_endian)
    : bytes_(bytes),
      tags_(tags),
      bits_(layout.bits * (tags.is_planar ? 1 : layout.samples)),
      planes_(tags.is_planar ? layout.samples : 1) {
  if (tags.is_uncompressed()) {
    set_uncompressed(is_big_endian);
  } else {
    set_compressed();
  }
  buffers_.resize(planes_);
}

std::size_t TiffChunks::row_bytes(std::size_t columns) const {
  return (columns * bits_ + 7) / 8;
}

void TiffChunks::set_uncompressed(bool is_big_endian) {
  if (tags_.offsets.empty() || tags_.chunk_height == 0) return;
  const bool is_tiled = tags_.tile_width != 0;
  if (is_tiled && !is_sane_tile(tags_.tile_width, tags_.chunk_height)) return;
  width_ = is_tiled ? tags_.tile_width : tags_.width;
  height_ = tags_.chunk_height;
  stride_ = row_bytes(width_);
  is_big_endian_ = is_big_endian;
  low_bit_first_ = tags_.low_bit_first;
}

void TiffChunks::set_compressed() {
  file_.emplace(bytes_);
  TIFF* const tiff = file_->get();
  if (tiff == nullptr) return;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
  if (width != tags_.width || height != tags_.height) return;
  if (tags_.photometric == tiff_photometric::kYcbcr &&
      tags_.compression == tiff_compression::kJpeg) {
    TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
  }
  tmsize_t chunk_bytes = 0;
  if (TIFFIsTiled(tiff) != 0) {
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &width);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &height);
    if (!is_sane_tile(width, height)) return;
    stride_ = static_cast<std::size_t>(TIFFTileRowSize(tiff));
    chunk_bytes = TIFFTileSize(tiff);
  } else {
    std::uint32_t rows = 0;
    if (TIFFGetField(tiff, TIFFTAG_ROWSPERSTRIP, &rows) == 1) height = std::min(rows, height);
    if (height == 0) return;
    stride_ = static_cast<std::size_t>(TIFFScanlineSize(tiff));
    chunk_bytes = TIFFStripSize(tiff);
  }
  // libtiff must mean the same pixels as the tags.
  if (chunk_bytes <= 0 || stride_ != row_bytes(width) ||
      static_cast<std::size_t>(chunk_bytes) != stride_ * height) {
    return;
  }
  width_ = width;
  height_ = height;
  is_big_endian_ = std::endian::native == std::endian::big;
}

// Of several chunks of one place, Pillow shows the last. Beyond the list it shows nothing.
std::optional<std::size_t> TiffChunks::offset_of(std::size_t plane, std::size_t x,
                                                 std::size_t y) const {
  const std::size_t across = chunks_along(tags_.width, width_);
  const std::size_t down = chunks_along(tags_.height, height_);
  const std::size_t index = (plane * down + y / height_) * across + x / width_;
  const std::size_t count = tags_.offsets.size();
  if (index >= count) return std::nullopt;
  const std::size_t period = planes_ * across * down;
  return tags_.offsets[index + (count - 1 - index) / period * period];
}

std::optional<std::span<const std::byte>> TiffChunks::read(std::size_t plane, std::size_t x,
                                                           std::size_t y, std::size_t rows,
                                                           std::size_t columns) {
  const std::size_t needed = (rows - 1) * stride_ + row_bytes(columns);
  std::vector<std::byte>& buffer = buffers_[plane];
  if (!file_) {
    const auto offset = offset_of(plane, x, y);
    if (!offset) {
      buffer.assign(needed, std::byte{0});
      return buffer;
    }
    if (*offset > bytes_.size() || bytes_.size() - *offset < needed) return std::nullopt;
    return bytes_.subspan(*offset, needed);
  }
  buffer.resize(stride_ * height_);
  TIFF* const tiff = file_->get();
  const auto row = static_cast<std::uint32_t>(y);
  const auto sample = static_cast<std::uint16_t>(plane);
  const tmsize_t got =
      TIFFIsTiled(tiff) != 0
          ? TIFFReadTile(tiff, buffer.data(), static_cast<std::uint32_t>(x), row, 0, sample)
          : TIFFReadEncodedStrip(tiff, TIFFComputeStrip(tiff, row, sample), buffer.data(),
                                 static_cast<tmsize_t>(buffer.size()));
  if (got < 0 || needed > buffer.size()) return std::nullopt;
  return std::span<const std::byte>(buffer).first(needed);
}

}  // namespace blip::image
