#include "image/tiff.hpp"

#include <tiffio.h>

#include <algorithm>
#include <array>

#include "image/tiff_chunks.hpp"
#include "image/tiff_file.hpp"
#include "image/tiff_rows.hpp"

namespace blip::image {
namespace {

// planes: a row of each, of samples of `step` bytes → all samples of a pixel together
void interleave(std::span<const std::span<const std::byte>> planes, std::size_t step,
                std::size_t width, std::vector<std::byte>& row) {
  row.resize(planes.size() * step * width);
  for (std::size_t plane = 0; plane < planes.size(); ++plane) {
    for (std::size_t x = 0; x < width; ++x) {
      std::copy_n(planes[plane].begin() + static_cast<std::ptrdiff_t>(x * step), step,
                  row.begin() + static_cast<std::ptrdiff_t>((x * planes.size() + plane) * step));
    }
  }
}

}  // namespace

bool needs_libtiff_colours(const TiffTags& tags) noexcept {
  if (tags.photometric != tiff_photometric::kYcbcr) return false;
  if (tags.is_uncompressed()) {
    return tags.bits.size() == 3 && (tags.subsampled_width != 1 || tags.subsampled_height != 1);
  }
  return tags.compression != tiff_compression::kJpeg || tags.is_planar;
}

std::vector<std::uint8_t> tiff_rgb(std::span<const std::byte> bytes, const TiffTags& tags,
                                   const TiffLayout& layout, bool is_big_endian,
                                   std::optional<Colour> background) {
  TiffChunks chunks(bytes, tags, layout, is_big_endian);
  if (chunks.is_damaged()) return {};
  TiffRows rows(tags, layout, background);
  std::vector<std::uint8_t> rgb(3 * tags.width * tags.height);
  std::vector<std::span<const std::byte>> planes(chunks.planes());
  std::vector<std::span<const std::byte>> plane_rows(chunks.planes());
  std::vector<std::byte> interleaved;
  for (std::size_t top = 0; top < tags.height; top += chunks.height()) {
    const std::size_t height = std::min(chunks.height(), tags.height - top);
    for (std::size_t left = 0; left < tags.width; left += chunks.width()) {
      const std::size_t width = std::min(chunks.width(), tags.width - left);
      for (std::size_t plane = 0; plane < planes.size(); ++plane) {
        const auto chunk = chunks.read(plane, left, top, height, width);
        if (!chunk) return {};
        planes[plane] = *chunk;
      }
      for (std::size_t y = 0; y < height; ++y) {
        for (std::size_t plane = 0; plane < planes.size(); ++plane) {
          plane_rows[plane] = planes[plane].subspan(y * chunks.stride());
        }
        std::span<const std::byte> row = plane_rows[0];
        if (planes.size() > 1) {
          interleave(plane_rows, layout.bits / 8, width, interleaved);
          row = interleaved;
        }
        rows.convert(row, chunks.is_big_endian(), chunks.low_bit_first(), width,
                     rgb.data() + 3 * ((top + y) * tags.width + left));
      }
    }
  }
  return rgb;
}

std::vector<std::uint8_t> tiff_rgb_of_libtiff(std::span<const std::byte> bytes,
                                              const TiffTags& tags) {
  const TiffFile file(bytes);
  TIFF* const tiff = file.get();
  if (tiff == nullptr) return {};
  std::uint32_t tile_width = 0;
  std::uint32_t rows = 0;
  if (TIFFIsTiled(tiff) != 0) {
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &tile_width);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &rows);
    if (!is_sane_tile(tile_width, rows)) return {};
  } else {
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &rows);
  }
  std::array<char, 1024> message{};  // libtiff's size of it
  TIFFRGBAImage image{};
  constexpr int kStopOnError = 1;
  if (TIFFRGBAImageOK(tiff, message.data()) != 1 ||
      TIFFRGBAImageBegin(&image, tiff, kStopOnError, message.data()) != 1) {
    return {};
  }
  const struct End {
    TIFFRGBAImage& image;
    ~End() { TIFFRGBAImageEnd(&image); }
  } end{image};
  if (image.width != tags.width || image.height != tags.height || rows == 0) return {};
  // As stored; the tag's turn comes later.
  image.orientation = ORIENTATION_TOPLEFT;
  image.req_orientation = ORIENTATION_TOPLEFT;
  const std::size_t step = std::min<std::size_t>(rows, tags.height);
  std::vector<std::uint32_t> raster(tags.width * step);
  std::vector<std::uint8_t> rgb;
  rgb.reserve(3 * tags.width * tags.height);
  for (std::size_t top = 0; top < tags.height; top += step) {
    const std::size_t height = std::min(step, tags.height - top);
    image.row_offset = static_cast<int>(top);
    if (TIFFRGBAImageGet(&image, raster.data(), image.width, static_cast<std::uint32_t>(height)) !=
        1) {
      return {};
    }
    for (std::size_t i = 0; i < tags.width * height; ++i) {
      rgb.push_back(static_cast<std::uint8_t>(TIFFGetR(raster[i])));
      rgb.push_back(static_cast<std::uint8_t>(TIFFGetG(raster[i])));
      rgb.push_back(static_cast<std::uint8_t>(TIFFGetB(raster[i])));
    }
  }
  return rgb;
}

}  // namespace blip::image
