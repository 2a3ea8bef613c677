#include "app/images/open_image.hpp"

#include <algorithm>
#include <string_view>
#include <system_error>

#include "blip/error.hpp"
#include "blip/hub.hpp"
#include "image/file_bytes.hpp"

namespace blip::app {
namespace {

// What stands before "://", in lower case; empty unless it has the form of a protocol's name.
std::string protocol_of(const std::string& name) {
  const std::size_t end = name.find("://");
  if (end == std::string::npos || end == 0) return {};
  std::string protocol = name.substr(0, end);
  for (char& c : protocol) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  const bool good = std::all_of(protocol.begin(), protocol.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  });
  return good ? protocol : "";
}

bool is_there(const std::string& name) {
  std::error_code ignored;
  return std::filesystem::exists(name, ignored);
}

}  // namespace

bool is_url(const std::string& name) {
  const std::string protocol = protocol_of(name);
  return protocol == "http" || protocol == "https";
}

Image open_image(const std::string& name, const ImageOptions& options) {
  if (name == "-") return Image::decode(image::read_standard_input(), options, "standard input");
  if (is_url(name)) return Image::decode(download(name), options, name);
  const std::string protocol = protocol_of(name);
  if (!protocol.empty() && !is_there(name)) {
    throw Error(ErrorCode::unsupported,
                name + ": pictures come from files or by http and https, not by " + protocol);
  }
  return Image::open(name, options);
}

}  // namespace blip::app
