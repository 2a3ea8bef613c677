#include "image/tiff_ycbcr.hpp"

#include <tiffio.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <limits>

namespace blip::image {
namespace {

// Pillow's tables: products with six more bits, a half added, cut off towards 0.
constexpr int kFractionBits = 6;
constexpr std::array<int, 256> products(double factor) {
  std::array<int, 256> table{};
  for (int i = 0; i < 256; ++i) {
    table[static_cast<std::size_t>(i)] = static_cast<int>(factor * (i - 128) * 64 + 0.5);
  }
  return table;
}
constexpr std::array<int, 256> kRedOfCr = products(1.402);
constexpr std::array<int, 256> kGreenOfCb = products(-0.34414);
constexpr std::array<int, 256> kGreenOfCr = products(-0.71414);
constexpr std::array<int, 256> kBlueOfCb = products(1.772);

std::uint8_t colour_sum(int brightness, int product) {
  return static_cast<std::uint8_t>(std::clamp(brightness + (product >> kFractionBits), 0, 255));
}

// A tile of more pixels than this is no picture's, but a header's that means harm: libtiff
// allocates one whole tile.
constexpr std::uint64_t kMaxTilePixels = std::uint64_t{1} << 26;

}  // namespace

void ycbcr_to_rgb(std::uint8_t* pixels, std::size_t width) noexcept {
  for (std::size_t x = 0; x < width; ++x, pixels += 3) {
    const int y = pixels[0];
    const std::size_t cb = pixels[1];
    const std::size_t cr = pixels[2];
    pixels[0] = colour_sum(y, kRedOfCr[cr]);
    pixels[1] = colour_sum(y, kGreenOfCb[cb] + kGreenOfCr[cr]);
    pixels[2] = colour_sum(y, kBlueOfCb[cb]);
  }
}

// The file in memory as libtiff wants to see it. Its messages go where libvips sends them, which is
// nowhere (vips_session.hpp).
struct YcbcrTiff::Reader {
  explicit Reader(std::span<const std::byte> all) : bytes(all) {
    tiff = TIFFClientOpen("image", "r", this, read, write, seek, close, size, map, unmap);
  }
  ~Reader() {
    if (tiff != nullptr) TIFFClose(tiff);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  static tmsize_t read(thandle_t handle, void* target, tmsize_t count) {
    auto& self = *static_cast<Reader*>(handle);
    const std::size_t left = self.bytes.size() - std::min(self.at, self.bytes.size());
    const std::size_t taken =
        std::min(left, static_cast<std::size_t>(std::max<tmsize_t>(count, 0)));
    if (taken > 0) std::memcpy(target, self.bytes.data() + self.at, taken);
    self.at += taken;
    return static_cast<tmsize_t>(taken);
  }
  static tmsize_t write(thandle_t /*handle*/, void* /*source*/, tmsize_t /*count*/) { return -1; }
  static toff_t seek(thandle_t handle, toff_t offset, int whence) {
    auto& self = *static_cast<Reader*>(handle);
    const std::size_t from = whence == SEEK_SET   ? 0
                             : whence == SEEK_CUR ? self.at
                                                  : self.bytes.size();
    self.at = from + static_cast<std::size_t>(offset);
    return self.at;
  }
  static int close(thandle_t /*handle*/) { return 0; }
  static toff_t size(thandle_t handle) { return static_cast<Reader*>(handle)->bytes.size(); }
  static int map(thandle_t /*handle*/, void** /*start*/, toff_t* /*count*/) { return 0; }
  static void unmap(thandle_t /*handle*/, void* /*start*/, toff_t /*count*/) {}

  std::span<const std::byte> bytes;
  std::size_t at = 0;
  TIFF* tiff = nullptr;
};

YcbcrTiff::YcbcrTiff(std::span<const std::byte> bytes) : reader_(std::make_unique<Reader>(bytes)) {
  TIFF* const tiff = reader_->tiff;
  if (tiff == nullptr) return;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
  std::uint16_t orientation = 1;
  if (TIFFGetField(tiff, TIFFTAG_ORIENTATION, &orientation) == 1) orientation_ = orientation;
  std::uint32_t tile_width = 0;
  std::uint32_t tile_height = 0;
  TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &tile_width);
  TIFFGetField(tiff, TIFFTAG_TILELENGTH, &tile_height);
  constexpr std::uint32_t kMaxSide = std::numeric_limits<int>::max();
  const bool is_sane = width > 0 && height > 0 && width <= kMaxSide && height <= kMaxSide &&
                       std::uint64_t{tile_width} * tile_height <= kMaxTilePixels;
  if (is_sane) size_ = {static_cast<int>(width), static_cast<int>(height)};
}

YcbcrTiff::~YcbcrTiff() = default;

std::vector<std::uint8_t> YcbcrTiff::rgb() const {
  std::array<char, 1024> message{};  // libtiff's size of it
  TIFFRGBAImage image{};
  constexpr int kStopOnError = 1;
  if (TIFFRGBAImageBegin(&image, reader_->tiff, kStopOnError, message.data()) != 1) return {};
  image.req_orientation = image.orientation;  // as stored
  const auto width = static_cast<std::size_t>(size_.width);
  const auto height = static_cast<std::size_t>(size_.height);
  std::vector<std::uint32_t> raster(width * height);
  const int read = TIFFRGBAImageGet(&image, raster.data(), static_cast<std::uint32_t>(size_.width),
                                    static_cast<std::uint32_t>(size_.height));
  TIFFRGBAImageEnd(&image);
  if (read != 1) return {};
  std::vector<std::uint8_t> rgb;
  rgb.reserve(3 * raster.size());
  for (const std::uint32_t pixel : raster) {
    rgb.push_back(static_cast<std::uint8_t>(TIFFGetR(pixel)));
    rgb.push_back(static_cast<std::uint8_t>(TIFFGetG(pixel)));
    rgb.push_back(static_cast<std::uint8_t>(TIFFGetB(pixel)));
  }
  return rgb;
}

}  // namespace blip::image
