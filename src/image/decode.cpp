// Image::open and Image::decode: libvips reads the file, the rest makes it what Pillow makes of it.
#include <algorithm>
#include <array>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "blip/error.hpp"
#include "blip/image.hpp"
#include "core/lfs_pointer.hpp"
#include "image/bmp.hpp"
#include "image/file_bytes.hpp"
#include "image/formats.hpp"
#include "image/gif_background.hpp"
#include "image/orientation.hpp"
#include "image/pillow_rgb.hpp"
#include "image/png_check_sums.hpp"
#include "image/tiff_tags.hpp"
#include "image/tiff_ycbcr.hpp"
#include "image/transparency.hpp"
#include "image/unpremultiply.hpp"
#include "image/vips_loader.hpp"
#include "image/vips_session.hpp"

namespace blip {
namespace {

using image::ColourModel;
using image::fail_damaged;
using image::Format;
using image::open_header;
using image::PixelLayout;
using image::SampleType;
using image::Size;
using image::TiffTags;
using image::Transparency;
using image::VipsImagePtr;
using image::VipsRegionPtr;

// Of the factors that a JPEG can be shrunk by while it is decoded.
int shrink_factor(Size size, int shrink_to) {
  if (shrink_to <= 0) return 1;
  const int shorter = std::min(size.width, size.height);
  for (const int factor : {8, 4, 2}) {
    if (shorter / factor >= shrink_to) return factor;
  }
  return 1;
}

void check_pixels(Size size, std::int64_t limit, const std::string& name) {
  if (std::int64_t{size.width} * size.height > limit) {
    throw Error(ErrorCode::limit_exceeded,
                name + ": " + std::to_string(size.width) + " x " + std::to_string(size.height) +
                    " pixels, more than the limit of " + std::to_string(limit));
  }
}

// A lone grey channel of 16 bits; with alpha or a transparent value it has two samples in libvips,
// but a PNG header says what it was.
bool is_plain_grey_16(Format format, std::span<const std::byte> bytes, int samples) {
  constexpr std::size_t kPngColourType = 25;  // signature, IHDR's length, name, sizes, depth
  if (format == Format::png) {
    return bytes.size() > kPngColourType && bytes[kPngColourType] == std::byte{0};
  }
  return samples == 1;
}

PixelLayout layout_of(VipsImage* picture, Format format, std::span<const std::byte> bytes,
                      const std::string& name) {
  const auto unsupported = [&] {
    return Error(ErrorCode::unsupported, name + ": a " + image::name_of(format) +
                                             " file with an unsupported kind of pixels");
  };
  constexpr std::array<std::pair<VipsBandFormat, SampleType>, 7> kTypes = {{
      {VIPS_FORMAT_UCHAR, SampleType::u8},
      {VIPS_FORMAT_USHORT, SampleType::u16},
      {VIPS_FORMAT_SHORT, SampleType::s16},
      {VIPS_FORMAT_INT, SampleType::s32},
      {VIPS_FORMAT_UINT, SampleType::u32},
      {VIPS_FORMAT_FLOAT, SampleType::f32},
      {VIPS_FORMAT_DOUBLE, SampleType::f64},
  }};
  const auto* type = std::find_if(kTypes.begin(), kTypes.end(), [&](const auto& candidate) {
    return candidate.first == vips_image_get_format(picture);
  });
  const int samples = vips_image_get_bands(picture);
  if (type == kTypes.end() || samples < 1 || vips_image_get_coding(picture) != VIPS_CODING_NONE) {
    throw unsupported();
  }
  PixelLayout layout;
  layout.type = type->second;
  layout.samples = static_cast<std::size_t>(samples);
  layout.clip_u16 = is_plain_grey_16(format, bytes, samples);
  switch (vips_image_get_interpretation(picture)) {
    case VIPS_INTERPRETATION_CMYK:
      layout.model = ColourModel::cmyk;
      if (samples < 4) throw unsupported();
      break;
    case VIPS_INTERPRETATION_LAB:
    case VIPS_INTERPRETATION_LABS:
    case VIPS_INTERPRETATION_XYZ:
      throw unsupported();
    default:
      layout.model = samples < 3 ? ColourModel::grey : ColourModel::rgb;
  }
  // Colour in signed or floating samples has no agreed range; Pillow refuses it as well.
  const bool is_byte_like = layout.type == SampleType::u8 || layout.type == SampleType::u16;
  if (!is_byte_like && samples != 1) throw unsupported();
  return layout;
}

int orientation_of(VipsImage* picture) {
  if (vips_image_get_typeof(picture, "exif-ifd0-Orientation") != 0 ||
      vips_image_get_typeof(picture, VIPS_META_XMP_NAME) == 0) {
    return vips_image_get_orientation(picture);
  }
  const void* xmp = nullptr;
  std::size_t size = 0;
  if (vips_image_get_blob(picture, VIPS_META_XMP_NAME, &xmp, &size) != 0) {
    vips_error_clear();
    return 1;
  }
  return image::xmp_orientation({static_cast<const char*>(xmp), size});
}

// A GIF has none here: its transparent pixels are those that its background fills.
Transparency transparency_of(Format format, std::span<const std::byte> bytes,
                             const TiffTags& tiff_tags, const PixelLayout& layout) {
  const bool is_byte_like = layout.type == SampleType::u8 || layout.type == SampleType::u16;
  const std::size_t colours = layout.model == ColourModel::grey ? 1 : 3;
  if (!is_byte_like || layout.model == ColourModel::cmyk) return {};
  switch (format) {
    case Format::png:
      return image::png_transparency(bytes, layout.samples);
    case Format::tiff:
      if (layout.samples == colours || !tiff_tags.has_alpha(layout.samples)) return {};
      return {.alpha_sample = colours};
    case Format::webp:
    case Format::heif:
      if (layout.samples != colours + 1) return {};
      return {.alpha_sample = colours};
    default:
      return {};
  }
}

bool is_premultiplied(const TiffTags& tags, const PixelLayout& layout) {
  return tags.is_premultiplied() && layout.model == ColourModel::rgb && layout.samples >= 4 &&
         (layout.type == SampleType::u8 || layout.type == SampleType::u16);
}

// What a file's decoded rows need to become those that Pillow has.
struct RowFinish {
  bool is_ycbcr = false;
  bool is_premultiplied = false;
  const image::GifBackground* gif_background = nullptr;
  Transparency transparency{};
  image::Colour background{};
};

// → [height, width, 3]
std::vector<std::uint8_t> read_rgb(VipsImage* picture, const PixelLayout& layout, Size size,
                                   const RowFinish& finish, Format format,
                                   const std::string& name) {
  const std::size_t row_bytes = std::size_t{3} * size.width;
  std::vector<std::uint8_t> rgb(row_bytes * size.height);
  const VipsRegionPtr region(vips_region_new(picture));
  const auto width = static_cast<std::size_t>(size.width);
  constexpr int kStrip = 64;  // rows at a time: a strip and its RGB stay in the cache
  for (int top = 0; top < size.height; top += kStrip) {
    const VipsRect strip = {0, top, size.width, std::min(kStrip, size.height - top)};
    if (vips_region_prepare(region.get(), &strip) != 0) fail_damaged(format, name);
    for (int y = top; y < top + strip.height; ++y) {
      const void* row = VIPS_REGION_ADDR(region.get(), 0, y);
      std::uint8_t* target = rgb.data() + row_bytes * y;
      image::row_to_rgb(row, layout, width, target);
      if (finish.is_ycbcr) image::ycbcr_to_rgb(target, width);
      if (finish.is_premultiplied) {
        image::unpremultiplied_row(row, layout.type, layout.samples, width, target);
      }
      if (finish.gif_background != nullptr) {
        finish.gif_background->fill(row, layout.samples, y, width, target);
      }
      if (finish.transparency.any()) {
        image::blend_row(row, layout.samples, size_of(layout.type), width, finish.transparency,
                         finish.background, target);
      }
    }
  }
  return rgb;
}

Image decode_bmp(std::span<const std::byte> bytes, const ImageOptions& options,
                 const std::string& name) {
  const auto header = image::bmp_header(bytes, name);
  check_pixels(header.size, options.max_pixels, name);
  auto rgb = image::bmp_pixels(bytes, header, name);
  if (options.blend_transparency && header.alpha_mask != 0) {
    image::blend_bmp(bytes, header, options.background, rgb);
  }
  return {header.size.width, header.size.height, std::move(rgb)};
}

Image decode_ycbcr_tiff(std::span<const std::byte> bytes, const ImageOptions& options,
                        const std::string& name) {
  const image::YcbcrTiff picture(bytes);
  Size size = picture.size();
  if (size.width == 0) fail_damaged(Format::tiff, name);
  check_pixels(size, options.max_pixels, name);
  auto rgb = picture.rgb();
  if (rgb.empty()) fail_damaged(Format::tiff, name);
  image::apply_orientation(picture.orientation(), size, rgb);
  return {size.width, size.height, std::move(rgb)};
}

Image decode_with_vips(Format format, std::span<const std::byte> bytes, const ImageOptions& options,
                       const std::string& name) {
  const image::VipsSession session;
  auto background = format == Format::gif ? image::gif_background(bytes) : std::nullopt;
  if (background) {
    if (options.blend_transparency && background->is_transparent) {
      background->colour = options.background;
    }
    if (background->canvas.width == 0 || background->canvas.height == 0) fail_damaged(format, name);
    check_pixels(background->canvas, options.max_pixels, name);
  }
  const TiffTags tiff_tags = format == Format::tiff ? image::tiff_tags(bytes) : TiffTags{};
  if (tiff_tags.lacks_palette) fail_damaged(format, name);
  if (tiff_tags.needs_libtiff()) return decode_ycbcr_tiff(bytes, options, name);
  VipsImagePtr picture = open_header(format, bytes, 1, name);
  Size size = {vips_image_get_width(picture.get()), vips_image_get_height(picture.get())};
  check_pixels(size, options.max_pixels, name);
  const int factor = format == Format::jpeg ? shrink_factor(size, options.shrink_to) : 1;
  if (factor > 1) {
    picture = open_header(format, bytes, factor, name);
    size = {vips_image_get_width(picture.get()), vips_image_get_height(picture.get())};
  }
  const PixelLayout layout = layout_of(picture.get(), format, bytes, name);
  RowFinish finish = {.is_ycbcr = tiff_tags.is_ycbcr() && layout.samples >= 3,
                      .is_premultiplied = is_premultiplied(tiff_tags, layout),
                      .gif_background = background ? &*background : nullptr,
                      .background = options.background};
  if (options.blend_transparency) {
    finish.transparency = transparency_of(format, bytes, tiff_tags, layout);
  }
  auto rgb = read_rgb(picture.get(), layout, size, finish, format, name);
  if (background) {
    rgb = background->on_canvas(std::move(rgb), size);
    size = background->canvas;
  }
  // Pillow turns TIFF files upright when it opens them; libheif does so with AVIF and HEIC.
  const bool upright =
      format == Format::tiff || (options.apply_exif_orientation && format != Format::heif);
  if (upright) image::apply_orientation(orientation_of(picture.get()), size, rgb);
  return {size.width, size.height, std::move(rgb)};
}

// Where the check sums of the pixels are wrong, which Pillow never looks at, they are mended.
Image decode_png(std::span<const std::byte> bytes, const ImageOptions& options,
                 const std::string& name) {
  try {
    return decode_with_vips(Format::png, bytes, options, name);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::malformed) throw;
    const auto mended = image::with_right_check_sums(bytes);
    if (!mended) throw;
    return decode_with_vips(Format::png, *mended, options, name);
  }
}

}  // namespace

Image Image::decode(std::span<const std::byte> bytes, const ImageOptions& options,
                    const std::string& name) {
  if (bytes.empty()) throw Error(ErrorCode::malformed, name + ": empty file");
  refuse_lfs_pointer({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, name);
  try {
    const Format format = image::format_of(bytes);
    if (format == Format::bmp) return decode_bmp(bytes, options, name);
    if (format == Format::png) return decode_png(bytes, options, name);
    return decode_with_vips(format, bytes, options, name);
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::limit_exceeded, name + ": not enough memory for its pixels");
  }
}

Image Image::open(const std::filesystem::path& path, const ImageOptions& options) {
  try {
    return decode(image::read_file(path), options, path.string());
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::limit_exceeded, path.string() + ": not enough memory for the file");
  }
}

}  // namespace blip
