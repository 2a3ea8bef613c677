// Image::open and Image::decode: libvips reads the file, the rest makes it what Pillow makes of it.
#include <algorithm>
#include <array>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "blip/error.hpp"
#include "blip/image.hpp"
#include "image/bmp.hpp"
#include "image/file_bytes.hpp"
#include "image/formats.hpp"
#include "image/gif_background.hpp"
#include "image/orientation.hpp"
#include "image/pillow_rgb.hpp"
#include "image/tiff_palette.hpp"
#include "image/vips_session.hpp"

namespace blip {
namespace {

using image::ColourModel;
using image::Format;
using image::PixelLayout;
using image::SampleType;
using image::Size;
using image::VipsImagePtr;
using image::VipsOperationPtr;
using image::VipsRegionPtr;

[[noreturn]] void fail_damaged(Format format, const std::string& name) {
  vips_error_clear();
  throw Error(ErrorCode::malformed,
              name + ": truncated or damaged " + image::name_of(format) + " file");
}

// Named, so that no other loader, however registered, ever sees the bytes.
const char* loader_of(Format format) {
  switch (format) {
    case Format::jpeg:
      return "jpegload_buffer";
    case Format::png:
      return "pngload_buffer";
    case Format::webp:
      return "webpload_buffer";
    case Format::gif:
      return "gifload_buffer";
    case Format::tiff:
      return "tiffload_buffer";
    case Format::heif:
      return "heifload_buffer";
    default:
      return nullptr;
  }
}

// Null if there is none, or none that libvips considers fit for files from strangers.
VipsOperationPtr loader(Format format) {
  if (vips_type_find("VipsOperation", loader_of(format)) == 0) return nullptr;
  VipsOperationPtr operation(vips_operation_new(loader_of(format)));
  if (operation && (vips_operation_get_flags(operation.get()) & VIPS_OPERATION_UNTRUSTED) != 0) {
    return nullptr;
  }
  return operation;
}

// Reads the header; pixels follow when a region asks for them. A JPEG is decoded at 1 / `shrink` of
// its size.
VipsImagePtr open_header(Format format, std::span<const std::byte> bytes, int shrink,
                         const std::string& name) {
  if (loader_of(format) == nullptr) {
    throw Error(ErrorCode::unsupported, name + ": not an image, or a format that is not supported");
  }
  const VipsOperationPtr operation = loader(format);
  if (!operation) {
    vips_error_clear();
    throw Error(ErrorCode::unsupported,
                name + ": this libvips cannot read " + image::name_of(format) + " files");
  }
  // Built here and not by vips_jpegload_buffer and its like, which put the operation into the
  // process' cache. Damage that the format's own library repairs is forgiven, missing data is not:
  // the line that Pillow draws.
  VipsBlob* blob = vips_blob_new(nullptr, bytes.data(), bytes.size());
  g_object_set(operation.get(), "buffer", blob, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on",
               VIPS_FAIL_ON_TRUNCATED, nullptr);
  vips_area_unref(VIPS_AREA(blob));
  if (shrink > 1) g_object_set(operation.get(), "shrink", shrink, nullptr);
  VipsImage* header = nullptr;
  const bool built = vips_object_build(VIPS_OBJECT(operation.get())) == 0;
  if (built) g_object_get(operation.get(), "out", &header, nullptr);
  VipsImagePtr picture(header);
  vips_object_unref_outputs(VIPS_OBJECT(operation.get()));
  if (!picture) fail_damaged(format, name);
  return picture;
}

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

// → [height, width, 3]
std::vector<std::uint8_t> read_rgb(VipsImage* picture, const PixelLayout& layout, Size size,
                                   const image::GifBackground* background, Format format,
                                   const std::string& name) {
  const std::size_t row_bytes = std::size_t{3} * size.width;
  std::vector<std::uint8_t> rgb(row_bytes * size.height);
  const VipsRegionPtr region(vips_region_new(picture));
  constexpr int kStrip = 64;  // rows at a time: a strip and its RGB stay in the cache
  for (int top = 0; top < size.height; top += kStrip) {
    const VipsRect strip = {0, top, size.width, std::min(kStrip, size.height - top)};
    if (vips_region_prepare(region.get(), &strip) != 0) fail_damaged(format, name);
    for (int y = top; y < top + strip.height; ++y) {
      const void* row = VIPS_REGION_ADDR(region.get(), 0, y);
      std::uint8_t* target = rgb.data() + row_bytes * y;
      image::row_to_rgb(row, layout, static_cast<std::size_t>(size.width), target);
      if (background != nullptr) {
        background->fill(row, layout.samples, y, static_cast<std::size_t>(size.width), target);
      }
    }
  }
  return rgb;
}

Image decode_bmp(std::span<const std::byte> bytes, const ImageOptions& options,
                 const std::string& name) {
  const auto header = image::bmp_header(bytes, name);
  check_pixels(header.size, options.max_pixels, name);
  return {header.size.width, header.size.height, image::bmp_pixels(bytes, header, name)};
}

Image decode_with_vips(Format format, std::span<const std::byte> bytes, const ImageOptions& options,
                       const std::string& name) {
  const image::VipsSession session;
  const auto background = format == Format::gif ? image::gif_background(bytes) : std::nullopt;
  if (background) {
    if (background->canvas.width == 0 || background->canvas.height == 0) fail_damaged(format, name);
    check_pixels(background->canvas, options.max_pixels, name);
  }
  if (format == Format::tiff && image::tiff_lacks_palette(bytes)) fail_damaged(format, name);
  VipsImagePtr picture = open_header(format, bytes, 1, name);
  Size size = {vips_image_get_width(picture.get()), vips_image_get_height(picture.get())};
  check_pixels(size, options.max_pixels, name);
  const int factor = format == Format::jpeg ? shrink_factor(size, options.shrink_to) : 1;
  if (factor > 1) {
    picture = open_header(format, bytes, factor, name);
    size = {vips_image_get_width(picture.get()), vips_image_get_height(picture.get())};
  }
  const PixelLayout layout = layout_of(picture.get(), format, bytes, name);
  auto rgb =
      read_rgb(picture.get(), layout, size, background ? &*background : nullptr, format, name);
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

}  // namespace

Image Image::decode(std::span<const std::byte> bytes, const ImageOptions& options,
                    const std::string& name) {
  if (bytes.empty()) throw Error(ErrorCode::malformed, name + ": empty file");
  try {
    const Format format = image::format_of(bytes);
    if (format == Format::bmp) return decode_bmp(bytes, options, name);
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
