// The XMP packet of a picture or a sidecar: what it says of the picture in words, and the packet
// with other words.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "metadata/picture_text.hpp"

namespace blip::metadata {

/// Larger packets are refused. The edit histories of raw developers take a megabyte or two.
inline constexpr std::size_t kMaxXmpBytes = std::size_t{16} << 20;
/// Elements inside each other; the toolkit's parser calls itself for each. Structures of lists of
/// structures have some twenty.
inline constexpr std::size_t kMaxXmpDepth = 200;

/// Attributes of one element, namespaces among them; the toolkit compares each with each. Packets
/// of raw developers have some hundred.
inline constexpr std::size_t kMaxXmpAttributes = 2000;

/// Throws limit_exceeded, unsupported (UTF-16) or malformed for what must not get to the XMP
/// toolkit: more bytes, levels or attributes than the limits, a document type with entities.
/// Messages have no name.
void check_xmp(std::string_view packet);

/// The texts of a packet: x-default's, or else the first language's. Throws Error.
PictureText text_of_xmp(std::string_view packet);

/// How a packet is written.
enum class XmpForm {
  embedded,  ///< with the wrapper that programs search files for, and room to grow
  sidecar,   ///< an XML document
};

/// `packet` with the words of `text`, all else in it as it was; "" makes a new one. Fields of
/// `text` that are empty change nothing. Throws Error, also for a packet that cannot be read: then
/// nothing would be left of it.
std::string with_text(std::string_view packet, const PictureText& text, const MergeOptions& options,
                      XmpForm form);

}  // namespace blip::metadata
