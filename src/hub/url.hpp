// Url: an absolute http or https address, as libcurl understands it.
#pragma once

#include <string>
#include <string_view>

namespace blip::hub {

class Url {
 public:
  /// Spaces and bytes outside ASCII are percent-encoded. Throws invalid_argument for anything but
  /// an http or https URL with a host, of at most 16 KiB; the message begins with `text`.
  static Url parse(std::string_view text);

  /// Where a Location header on this page leads. Throws network, naming this URL, if that is no
  /// http or https URL.
  [[nodiscard]] Url follow(std::string_view location) const;

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] const std::string& host() const noexcept { return host_; }
  /// Same protocol, host and port.
  [[nodiscard]] bool same_origin(const Url& other) const noexcept;

 private:
  Url() = default;
  // Reads `text` (relative to `base`, unless that is null); why it cannot be, else nothing.
  std::string assign(const char* base, std::string_view text);

  std::string text_;
  std::string scheme_;
  std::string host_;
  std::string port_;
};

/// `bytes` as one segment of a path: all but letters, digits and "-._~" as %XX.
std::string percent_encoded(std::string_view bytes);

/// Text from a server or from libcurl as part of a message: control characters become '?', and what
/// is beyond 200 bytes is cut.
std::string one_line(std::string_view text);

}  // namespace blip::hub
