// HttpResponse: what a server said before the body, and what its headers mean.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace blip::hub {

/// That are followed, one after another: huggingface_hub's number, which is httpx's.
inline constexpr int kMaxRedirects = 20;

struct HttpResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::size_t header_bytes = 0;

  /// Why the answer is not whole (no connection, broken off, too slow); empty if it is.
  std::string failure;
  /// Whether the same request may fare better in a moment.
  bool temporary = false;

  /// Takes one line as the server sent it; a status line starts a new response. False beyond 256
  /// KiB of headers.
  bool add_line(std::string_view line);

  /// The value of the first header of this name, which is in lower case.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
  [[nodiscard]] bool is_redirect() const;
  /// The first byte that the body holds, by Content-Range; nothing if that says nothing.
  [[nodiscard]] std::optional<std::uint64_t> range_begin() const;
  /// Retry-After in whole seconds; at most a minute.
  [[nodiscard]] std::optional<std::chrono::seconds> retry_after() const;
};

/// Digits and nothing else; nothing if they are too many.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// An ETag header without W/ and quotation marks, if it can be the name of a file: up to 200
/// letters, digits and "._-", not beginning with a dot, none of the cache's own endings.
std::optional<std::string> normalized_etag(std::string_view header);

/// 40 or 64 characters of lower-case hexadecimal, as hashes are written.
bool is_hexadecimal(std::string_view text, std::size_t length);

}  // namespace blip::hub
