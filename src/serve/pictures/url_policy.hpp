// UrlPolicy: which URLs the server asks for a client, so that a client cannot reach through it what
// only the server can reach (SSRF).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "serve/pictures/ip_address.hpp"

namespace blip::serve {

/// A URL as its parts, each of which can only be read in one way.
struct FetchUrl {
  bool https = false;
  std::string host;  ///< a name in lower case, or an IP address without brackets
  std::uint16_t port = 0;
  std::string path = "/";  ///< and the query

  /// Throws invalid_argument, without repeating the URL, for anything that two readers could
  /// understand differently: user names, backslashes, escaped hosts, IPv4 in other than four
  /// decimal parts, host names outside ASCII.
  static FetchUrl parse(std::string_view text);
  /// Where a Location header on this page leads. Throws as parse does, and for https → http.
  [[nodiscard]] FetchUrl follow(std::string_view location) const;
  [[nodiscard]] std::string text() const;
};

class UrlPolicy {
 public:
  UrlPolicy() = default;
  /// `any_public_host`: --fetch-images. `allowed`: "host" or "host:port", each also at private
  /// addresses. Throws invalid_argument.
  UrlPolicy(bool any_public_host, const std::vector<std::string>& allowed);

  [[nodiscard]] bool fetches() const { return any_public_host_ || !allowed_.empty(); }
  /// Throws invalid_argument if `url` may not be asked, whatever its host's address is.
  void check(const FetchUrl& url) const;
  /// Throws invalid_argument if there is no address, or one of them may not be asked.
  void check(const FetchUrl& url, const std::vector<IpAddress>& addresses) const;

 private:
  struct Allowed {
    std::string host;
    std::uint16_t port = 0;  // 0: 80 and 443
  };
  [[nodiscard]] bool is_allowed(const FetchUrl& url) const;

  bool any_public_host_ = false;
  std::vector<Allowed> allowed_;
};

}  // namespace blip::serve
