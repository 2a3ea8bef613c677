#include "image/formats.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace blip::image {
namespace {

using namespace std::string_view_literals;

// ISO base media brands of still pictures: AVIF, and HEIC with its relatives.
bool is_heif_brand(std::string_view brand) {
  constexpr std::array kBrands = {"avif"sv, "avis"sv, "mif1"sv, "msf1"sv, "heic"sv,
                                  "heix"sv, "hevc"sv, "heim"sv, "heis"sv};
  return std::ranges::find(kBrands, brand) != kBrands.end();
}

}  // namespace

Format format_of(std::span<const std::byte> bytes) {
  const std::string_view head(reinterpret_cast<const char*>(bytes.data()),
                              std::min<std::size_t>(bytes.size(), 64));
  if (head.starts_with("\xff\xd8\xff"sv)) return Format::jpeg;
  if (head.starts_with("\x89PNG\r\n\x1a\n"sv)) return Format::png;
  if (head.starts_with("GIF87a"sv) || head.starts_with("GIF89a"sv)) return Format::gif;
  if (head.starts_with("RIFF"sv) && head.size() >= 12 && head.substr(8, 4) == "WEBP"sv) {
    return Format::webp;
  }
  for (const std::string_view magic : {"II*\0"sv, "MM\0*"sv, "II+\0"sv, "MM\0+"sv}) {
    if (head.starts_with(magic)) return Format::tiff;
  }
  if (head.size() >= 12 && head.substr(4, 4) == "ftyp"sv && is_heif_brand(head.substr(8, 4))) {
    return Format::heif;
  }
  if (head.starts_with("BM"sv)) return Format::bmp;
  return Format::unknown;
}

const char* name_of(Format format) {
  switch (format) {
    case Format::jpeg:
      return "JPEG";
    case Format::png:
      return "PNG";
    case Format::webp:
      return "WebP";
    case Format::gif:
      return "GIF";
    case Format::tiff:
      return "TIFF";
    case Format::heif:
      return "AVIF or HEIC";
    case Format::bmp:
      return "BMP";
    case Format::unknown:
      break;
  }
  return "unknown";
}

}  // namespace blip::image
