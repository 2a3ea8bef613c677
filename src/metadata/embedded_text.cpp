#include "metadata/embedded_text.hpp"

#include <cstdint>

#include "metadata/iptc_records.hpp"
#include "metadata/xmp_packet.hpp"

namespace blip::metadata {
namespace {

const Exiv2::byte* bytes_of(std::string_view text) {
  return reinterpret_cast<const Exiv2::byte*>(text.data());
}

PictureText iptc_text(const std::string& records) {
  if (records.empty()) return {};
  return with_exiv2("its IPTC cannot be read", [&] {
    Exiv2::IptcData data;
    // What is damaged has no text that could be told; Container::obstacle keeps it from being lost.
    const auto size = static_cast<std::uint32_t>(records.size());
    if (Exiv2::IptcParser::decode(data, bytes_of(records), size) != 0) {
      return PictureText{};
    }
    return text_of_iptc(data);
  });
}

}  // namespace

PictureText embedded_text(const Container& container) {
  PictureText text;
  for (const std::string& packet : container.packets) fill(text, text_of_xmp(packet));
  fill(text, iptc_text(container.iptc));
  return text;
}

std::string with_embedded_text(std::string_view file, const Container& container,
                               const PictureText& text, const MergeOptions& options) {
  if (!container.obstacle.empty()) throw Error(ErrorCode::unsupported, container.obstacle);
  std::string packet = container.packets.empty() ? "" : container.packets.front();
  const MergeOptions taken_over = {.existing = Existing::keep, .language = ""};
  packet = with_text(packet, iptc_text(container.iptc), taken_over, XmpForm::embedded);
  packet = with_text(packet, text, options, XmpForm::embedded);
  return with_exiv2("cannot be written", [&] {
    const auto image = Exiv2::ImageFactory::open(bytes_of(file), static_cast<long>(file.size()));
    image->readMetadata();
    // A later step of Exiv2 would warn and leave out what it cannot write.
    image->setXmpPacket(packet);
    image->writeXmpFromPacket(true);
    if (!image->iptcData().empty()) merge_into_iptc(image->iptcData(), text, options);
    image->writeMetadata();

    Exiv2::BasicIo& io = image->io();
    if (io.open() != 0) throw Error(ErrorCode::unreadable, "cannot be written: Exiv2 has no bytes");
    std::string written(static_cast<std::size_t>(io.size()), '\0');
    const long read =
        io.read(reinterpret_cast<Exiv2::byte*>(written.data()), static_cast<long>(written.size()));
    io.close();
    if (read < 0 || static_cast<std::size_t>(read) != written.size() || written.empty()) {
      throw Error(ErrorCode::unreadable, "cannot be written: Exiv2 has no bytes");
    }
    return written;
  });
}

}  // namespace blip::metadata
