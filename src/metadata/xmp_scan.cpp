// check_xmp: what is looked at before the XMP toolkit sees a packet.
#include <string>

#include "blip/error.hpp"
#include "metadata/xmp_packet.hpp"

namespace blip::metadata {
namespace {

constexpr auto kEnd = std::string_view::npos;

// Behind the next `mark`, or the end.
std::size_t behind(std::string_view text, std::size_t at, std::string_view mark) {
  const std::size_t found = text.find(mark, at);
  return found == kEnd ? kEnd : found + mark.size();
}

// Where the tag that begins at `at` ends: its '>', which does not stand between quotes.
std::size_t end_of_tag(std::string_view text, std::size_t at) {
  char quote = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '>') {
      return at;
    }
  }
  return kEnd;
}

// What is between quotes in a tag, in pairs.
std::size_t attributes_of(std::string_view tag) {
  std::size_t attributes = 0;
  for (std::size_t at = tag.find_first_of("\"'"); at < tag.size(); ++attributes) {
    const std::size_t end = tag.find(tag[at], at + 1);
    at = end == kEnd ? kEnd : tag.find_first_of("\"'", end + 1);
  }
  return attributes;
}

// Behind a comment, CDATA or an instruction at `at`; `at` itself for a tag.
std::size_t behind_no_tag(std::string_view text, std::size_t at) {
  const std::string_view here = text.substr(at);
  if (here.starts_with("<!--")) return behind(text, at + 4, "-->");
  if (here.starts_with("<![CDATA[")) return behind(text, at, "]]>");
  if (here.starts_with("<?")) return behind(text, at, "?>");
  return at;
}

}  // namespace

void check_xmp(std::string_view packet) {
  if (packet.size() > kMaxXmpBytes) {
    throw Error(ErrorCode::limit_exceeded, "its XMP has " + std::to_string(packet.size()) +
                                               " bytes, more than " + std::to_string(kMaxXmpBytes));
  }
  // What follows the text of a packet may be NUL bytes, which fill it up.
  while (!packet.empty() && packet.back() == '\0') packet.remove_suffix(1);
  if (packet.find('\0') != kEnd) {
    throw Error(ErrorCode::unsupported, "its XMP is not UTF-8");
  }
  std::size_t depth = 0;
  for (std::size_t at = packet.find('<'); at < packet.size(); at = packet.find('<', at)) {
    if (const std::size_t next = behind_no_tag(packet, at); next != at) {
      at = next;
      continue;
    }
    if (packet.substr(at).starts_with("<!")) {
      throw Error(ErrorCode::malformed, "its XMP has a document type");
    }
    const std::size_t end = end_of_tag(packet, at);
    if (end == kEnd) return;  // the toolkit says what is wrong
    if (attributes_of(packet.substr(at, end - at)) > kMaxXmpAttributes) {
      throw Error(ErrorCode::limit_exceeded, "its XMP has an element with more than " +
                                                 std::to_string(kMaxXmpAttributes) + " attributes");
    }
    if (packet[at + 1] == '/') {
      if (depth > 0) --depth;
    } else if (packet[end - 1] != '/' && ++depth > kMaxXmpDepth) {
      throw Error(
          ErrorCode::limit_exceeded,
          "its XMP has elements more than " + std::to_string(kMaxXmpDepth) + " deep in each other");
    }
    at = end;
  }
}

}  // namespace blip::metadata
