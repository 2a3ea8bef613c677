// Where the server listens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace blip::serve {

struct ListenAddress {
  std::string dialect = {};  ///< empty: all of them
  std::string host = {};     ///< "127.0.0.1", "::"; empty for a Unix socket
  std::uint16_t port = 0;
  std::string unix_path = {};

  /// "[DIALECT=]ADDR:PORT", "[DIALECT=][::1]:8080" or "[DIALECT=]unix:PATH". Throws
  /// invalid_argument.
  static ListenAddress parse(std::string_view text);
  [[nodiscard]] std::string text() const;  ///< without the dialect
};

/// A listening socket, whose descriptor the caller owns. A Unix socket that nobody listens at is
/// replaced. Throws unreadable.
[[nodiscard]] int open_listening_socket(const ListenAddress& address);

/// What a listening socket is bound to: the port that was chosen for port 0.
[[nodiscard]] ListenAddress bound_address(int descriptor);

/// Whether only this machine reaches it.
[[nodiscard]] bool is_loopback(const ListenAddress& address);

}  // namespace blip::serve
