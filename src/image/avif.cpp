#include "image/avif.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <new>
#include <string_view>

#include "image/orientation.hpp"
#include "image/tiff_directory.hpp"

namespace blip::image {
namespace {

using namespace std::string_view_literals;

std::string_view text_of(const avifRWData& data) {
  return {reinterpret_cast<const char*>(data.data), data.size};
}

// What turning anticlockwise by a quarter `quarters` times, then mirroring, is among EXIF's
// numbers.
int turned(unsigned quarters, bool is_mirrored, bool is_left_right) {
  constexpr std::array<int, 4> kTurned = {1, 8, 3, 6};
  constexpr std::array<int, 4> kThenTopBottom = {4, 5, 2, 7};
  constexpr std::array<int, 4> kThenLeftRight = {2, 7, 4, 5};
  if (!is_mirrored) return kTurned[quarters % 4];
  return is_left_right ? kThenLeftRight[quarters % 4] : kThenTopBottom[quarters % 4];
}

bool has_exif_orientation(std::string_view exif) {
  constexpr std::uint16_t kOrientation = 274;
  constexpr std::string_view kPrefix = "Exif\0\0"sv;
  if (exif.starts_with(kPrefix)) exif.remove_prefix(kPrefix.size());
  return TiffDirectory(std::as_bytes(std::span(exif))).number(kOrientation).has_value();
}

}  // namespace

bool is_avif(std::span<const std::byte> bytes) {
  constexpr std::size_t kMajorBrandAt = 8;
  constexpr std::size_t kOthersAt = 16;
  constexpr std::size_t kBrand = 4;
  if (bytes.size() < kOthersAt) return false;
  const std::string_view file(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto brand = [&](std::size_t at) {
    return file.substr(at, kBrand) == "avif"sv || file.substr(at, kBrand) == "avis"sv;
  };
  if (brand(kMajorBrandAt)) return true;
  std::size_t end = 0;  // of the box with the brands
  for (std::size_t i = 0; i < 4; ++i) end = end << 8 | std::to_integer<std::size_t>(bytes[i]);
  end = std::min(end, bytes.size());
  for (std::size_t at = kOthersAt; at + kBrand <= end; at += kBrand) {
    if (brand(at)) return true;
  }
  return false;
}

AvifPicture::AvifPicture(std::span<const std::byte> bytes) : decoder_(avifDecoderCreate()) {
  if (!decoder_) throw std::bad_alloc();
  decoder_->maxThreads = 1;
  // What some writers get wrong.
  decoder_->strictFlags &=
      ~static_cast<avifStrictFlags>(AVIF_STRICT_CLAP_VALID | AVIF_STRICT_PIXI_REQUIRED);
  if (avifDecoderSetIOMemory(decoder_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()),
                             bytes.size()) != AVIF_RESULT_OK ||
      avifDecoderParse(decoder_.get()) != AVIF_RESULT_OK) {
    return;
  }
  const avifImage& image = *decoder_->image;
  constexpr std::uint32_t kMaxSide = std::numeric_limits<int>::max();
  if (image.width == 0 || image.height == 0 || image.width > kMaxSide || image.height > kMaxSide) {
    return;
  }
  size_ = {static_cast<int>(image.width), static_cast<int>(image.height)};
}

int AvifPicture::orientation() const {
  const avifImage& image = *decoder_->image;
  const bool is_turned = (image.transformFlags & AVIF_TRANSFORM_IROT) != 0;
  const bool is_mirrored = (image.transformFlags & AVIF_TRANSFORM_IMIR) != 0;
#if AVIF_VERSION >= 1000000  // since 1.0 by the name of the box's field
  const bool is_left_right = image.imir.axis != 0;
#else
  const bool is_left_right = image.imir.mode != 0;
#endif
  const int orientation = turned(is_turned ? image.irot.angle : 0, is_mirrored, is_left_right);
  if (orientation != 1 || has_exif_orientation(text_of(image.exif))) return orientation;
  return xmp_orientation(text_of(image.xmp));
}

std::vector<std::uint8_t> AvifPicture::rgb(std::optional<Colour> background) const {
  if (avifDecoderNextImage(decoder_.get()) != AVIF_RESULT_OK) return {};
  const avifImage& image = *decoder_->image;
  const auto width = static_cast<std::size_t>(size_.width);
  const auto height = static_cast<std::size_t>(size_.height);
  if (image.width != width || image.height != height) return {};
  const bool has_alpha = decoder_->alphaPresent == AVIF_TRUE;
  const std::size_t samples = has_alpha ? 4 : 3;
  std::vector<std::uint8_t> pixels(samples * width * height);
  avifRGBImage target{};
  avifRGBImageSetDefaults(&target, &image);
  target.depth = 8;
  target.format = has_alpha ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
  target.pixels = pixels.data();
  target.rowBytes = static_cast<std::uint32_t>(samples * width);
  if (avifImageYUVToRGB(&image, &target) != AVIF_RESULT_OK) return {};
  if (!has_alpha) return pixels;

  // In place: three bytes are written where four were read.
  for (std::size_t i = 0; i < width * height; ++i) {
    const std::uint8_t* pixel = pixels.data() + 4 * i;
    Colour colour = {pixel[0], pixel[1], pixel[2]};
    if (background) colour = blended(colour, pixel[3], *background);
    std::ranges::copy(colour, pixels.data() + 3 * i);
  }
  pixels.resize(3 * width * height);
  return pixels;
}

}  // namespace blip::image
