#include "metadata/container.hpp"

#include <cctype>
#include <cstdint>

#include "core/gzip.hpp"
#include "metadata/bytes_reader.hpp"
#include "metadata/iptc_records.hpp"
#include "metadata/xmp_packet.hpp"

namespace blip::metadata {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view kPngSignature = "\x89PNG\r\n\x1a\n"sv;

// Photoshop's image resources: "8BIM", a number, a name, data.
std::string iptc_of_resources(std::string_view resources) {
  constexpr std::uint16_t kIptc = 0x0404;
  const BytesReader reader(resources, ByteOrder::big);
  for (std::size_t at = 0; at + 12 <= reader.size();) {
    if (reader.piece(at, 4) != "8BIM") return {};
    const std::uint16_t number = reader.u16(at + 4);
    const std::size_t name = static_cast<unsigned char>(reader.piece(at + 6, 1).front());
    at += 6 + (name + 2) / 2 * 2;  // with its length, padded
    const std::size_t size = reader.u32(at);
    const std::string_view data = reader.piece(at + 4, size);
    if (number == kIptc) return std::string(data);
    at += 4 + (size + 1) / 2 * 2;
  }
  return {};
}

// Two are enough to know that nothing is put into a picture with several packets. A PNG of 400 KB
// may have thousands that unpack to 16 MB each.
constexpr std::size_t kMaxPackets = 2;

void add_packet(Container& container, std::string_view packet) {
  if (container.packets.size() == kMaxPackets) return;
  check_xmp(packet);
  container.packets.emplace_back(packet);
}

Container jpeg_container(std::string_view file) {
  constexpr std::uint8_t kStartOfScan = 0xDA;
  constexpr std::uint8_t kEnd = 0xD9;
  constexpr std::uint8_t kApp1 = 0xE1;
  constexpr std::uint8_t kApp2 = 0xE2;
  constexpr std::uint8_t kApp13 = 0xED;
  constexpr std::string_view kXmp = "http://ns.adobe.com/xap/1.0/\0"sv;
  constexpr std::string_view kPhotoshop = "Photoshop 3.0\0"sv;
  const BytesReader reader(file, ByteOrder::big);
  Container container{.kind = ContainerKind::jpeg};
  std::string resources;
  for (std::size_t at = 2; at < file.size();) {
    const auto byte = [&](std::size_t place) {
      return static_cast<std::uint8_t>(reader.piece(place, 1).front());
    };
    if (byte(at) != 0xFF) {  // libjpeg skips what is between segments, and so does everybody
      ++at;
      continue;
    }
    const std::uint8_t marker = byte(at + 1);
    if (marker == kStartOfScan || marker == kEnd) break;
    if (marker == 0xFF) {
      ++at;
      continue;
    }
    const bool stands_alone = marker <= 0x01 || (marker >= 0xD0 && marker <= 0xD8);
    if (stands_alone) {
      at += 2;
      continue;
    }
    const std::size_t size = reader.u16(at + 2);
    if (size < 2) throw Error(ErrorCode::malformed, "its JPEG segments do not add up");
    const std::string_view data = reader.piece(at + 4, size - 2);
    at += 2 + size;
    if (marker == kApp1 && data.starts_with(kXmp)) {
      add_packet(container, data.substr(kXmp.size()));
    } else if (marker == kApp13 && data.starts_with(kPhotoshop)) {
      resources += data.substr(kPhotoshop.size());
    } else if (marker == kApp2 && data.starts_with("MPF\0"sv)) {
      // Its other pictures are found by their distance from this segment.
      container.obstacle = "holds several pictures (MPF)";
    }
  }
  container.iptc = iptc_of_resources(resources);
  return container;
}

// "\nxmp\n    1234\n" and hexadecimal digits, as ImageMagick writes profiles.
std::string raw_profile(std::string_view text) {
  std::size_t at = 0;
  for (int line = 0; line < 3; ++line) {
    at = text.find('\n', at);
    if (at == std::string_view::npos) return {};
    ++at;
  }
  std::string bytes;
  int digits = 0;
  int value = 0;
  for (const char c : text.substr(at)) {
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0) continue;
    const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    value = value * 16 + digit;
    if (++digits % 2 == 0) {
      bytes += static_cast<char>(value);
      value = 0;
    }
  }
  return bytes;
}

// The part up to the next NUL, which is taken away with it.
std::string_view take_word(std::string_view& data) {
  const std::size_t end = data.find('\0');
  if (end == std::string_view::npos) throw Error(ErrorCode::malformed, "has a damaged text chunk");
  const std::string_view word = data.substr(0, end);
  data.remove_prefix(end + 1);
  return word;
}

std::string unpacked(std::string_view data) {
  return unpack_deflate(data, 2 * kMaxXmpBytes + kMaxXmpBytes / 8, "its XMP");
}

std::string international_text(std::string_view data) {
  if (data.size() < 2) throw Error(ErrorCode::malformed, "has a damaged text chunk");
  const bool is_packed = data.front() != 0;
  data.remove_prefix(2);
  (void)take_word(data);  // the language
  (void)take_word(data);  // the keyword in it
  return is_packed ? unpacked(data) : std::string(data);
}

Container png_container(std::string_view file) {
  constexpr std::string_view kRawXmp = "Raw profile type xmp";
  const BytesReader reader(file, ByteOrder::big);
  Container container{.kind = ContainerKind::png};
  for (std::size_t at = kPngSignature.size(); at < file.size();) {
    const std::size_t size = reader.u32(at);
    const std::string_view type = reader.piece(at + 4, 4);
    std::string_view data = reader.piece(at + 8, size);
    at += size + 12;
    if (type == "IEND") {
      // Phones put films there, other programs their own data; Exiv2 leaves it out.
      if (at < file.size()) container.obstacle = "has data behind the end of the picture";
      break;
    }
    if (type != "iTXt" && type != "zTXt" && type != "tEXt") continue;
    const std::string_view keyword = take_word(data);
    if (container.packets.size() == kMaxPackets) continue;  // nothing more is unpacked
    if (type == "iTXt" && keyword == "XML:com.adobe.xmp") {
      add_packet(container, international_text(data));
    } else if (type == "tEXt" && keyword == kRawXmp) {
      add_packet(container, raw_profile(data));
    } else if (type == "zTXt" && keyword == kRawXmp && !data.empty()) {
      add_packet(container, raw_profile(unpacked(data.substr(1))));
    }
  }
  return container;
}

Container webp_container(std::string_view file) {
  const BytesReader reader(file, ByteOrder::little);
  Container container{.kind = ContainerKind::webp};
  for (std::size_t at = 12; at + 8 <= file.size();) {
    const std::string_view type = reader.piece(at, 4);
    const std::size_t size = reader.u32(at + 4);
    const std::string_view data = reader.piece(at + 8, size);
    if (type == "XMP ") add_packet(container, data);
    at += 8 + (size + 1) / 2 * 2;
  }
  return container;
}

Container tiff_container(std::string_view file) {
  constexpr std::uint16_t kXmp = 700;
  constexpr std::uint16_t kIptc = 33723;
  constexpr std::uint16_t kSubDirectories = 330;
  constexpr std::uint16_t kLong = 4;
  Container container{.kind = ContainerKind::tiff};
  const ByteOrder order = file.starts_with("II") ? ByteOrder::little : ByteOrder::big;
  const BytesReader reader(file, order);
  if (reader.u16(2) == 43) {
    container.obstacle = "is a BigTIFF file";
    return container;
  }
  const std::size_t directory = reader.u32(4);
  const std::size_t entries = reader.u16(directory);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t at = directory + 2 + 12 * i;
    const std::uint16_t tag = reader.u16(at);
    if (tag == kSubDirectories) container.obstacle = "holds several pictures (SubIFDs)";
    if (tag != kXmp && tag != kIptc) continue;
    const std::uint64_t size =
        std::uint64_t{reader.u32(at + 4)} * (reader.u16(at + 2) == kLong ? 4 : 1);
    const std::string_view data = reader.piece(size <= 4 ? at + 8 : reader.u32(at + 8), size);
    if (tag == kXmp) add_packet(container, data);
    if (tag == kIptc) container.iptc = std::string(data);
  }
  if (reader.u32(directory + 2 + 12 * entries) != 0) {
    // Exiv2 writes what follows the first directories anew, and not all of it.
    container.obstacle = "has several pages";
  }
  return container;
}

Container known_container(std::string_view file) {
  if (file.starts_with("\xFF\xD8\xFF"sv)) return jpeg_container(file);
  if (file.starts_with(kPngSignature)) return png_container(file);
  if (file.starts_with("RIFF") && file.substr(0, 12).ends_with("WEBP")) return webp_container(file);
  for (const std::string_view start : {"II*\0"sv, "MM\0*"sv, "II+\0"sv, "MM\0+"sv}) {
    if (file.starts_with(start)) return tiff_container(file);
  }
  return {.obstacle = "is of a format that Exiv2 does not write"};
}

}  // namespace

Container container_of(std::string_view file) {
  Container container = known_container(file);
  if (container.packets.size() > 1) container.obstacle = "has several XMP packets";
  const bool is_readable = container.iptc.empty() || with_exiv2("its IPTC cannot be read", [&] {
                             return is_readable_iptc(container.iptc);
                           });
  if (!is_readable) container.obstacle = "has IPTC that cannot be read";
  return container;
}

}  // namespace blip::metadata
