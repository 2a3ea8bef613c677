// Picture files as containers: where their XMP and IPTC are, and whether more can be put into them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace blip::metadata {

enum class ContainerKind { jpeg, png, webp, tiff, other };

struct Container {
  ContainerKind kind = ContainerKind::other;
  std::vector<std::string> packets = {};  ///< of XMP, in their order; the first two
  std::string iptc = {};                  ///< IPTC-IIM records, of JPEG and TIFF
  /// Why nothing is to be embedded, as "is a GIF file"; empty if it can be.
  std::string obstacle = {};
};

/// Of the bytes of a whole picture file. Throws malformed for a file whose parts do not add up,
/// limit_exceeded for XMP beyond kMaxXmpBytes. Messages have no name.
Container container_of(std::string_view file);

}  // namespace blip::metadata
