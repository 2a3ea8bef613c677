#include "image/formats.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "image/bmp.hpp"

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
  if (head.starts_with("BM"sv) || is_bare_bmp(bytes)) return Format::bmp;
  return Format::unknown;
}

// libvips has loaders for most of them, none of which it considers fit for files from strangers.
const char* unsupported_format(std::span<const std::byte> bytes) {
  const std::string_view file(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  constexpr std::array<std::pair<std::string_view, const char*>, 22> kMagic = {{
      {"\0\0\0\x0cjP  \r\n\x87\n"sv, "JPEG 2000"},
      {"\xff\x4f\xff\x51"sv, "JPEG 2000"},
      {"\xff\x0a"sv, "JPEG XL"},
      {"\0\0\0\x0cJXL "sv, "JPEG XL"},
      {"P1"sv, "PBM"},
      {"P4"sv, "PBM"},
      {"P2"sv, "PGM"},
      {"P5"sv, "PGM"},
      {"P3"sv, "PPM"},
      {"P6"sv, "PPM"},
      {"P7"sv, "PAM"},
      {"Pf"sv, "PFM"},
      {"PF"sv, "PFM"},
      {"\x0a\x02\x01"sv, "PCX"},
      {"\x0a\x03\x01"sv, "PCX"},
      {"\x0a\x05\x01"sv, "PCX"},
      {"\0\0\1\0"sv, "ICO"},
      {"\0\0\2\0"sv, "CUR"},
      {"8BPS"sv, "Photoshop"},
      {"%PDF-"sv, "PDF"},
      {"%!PS"sv, "PostScript"},
      {"<svg"sv, "SVG"},
  }};
  for (const auto& [magic, name] : kMagic) {
    if (file.starts_with(magic)) return name;
  }
  return file.ends_with("TRUEVISION-XFILE.\0"sv) ? "TGA" : nullptr;
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
