// IpAddress: an address, and whether it is anybody's on the Internet.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>

struct sockaddr;

namespace blip::serve {

class IpAddress {
 public:
  /// Strictly: four decimal parts without leading zeros, or IPv6 without a zone.
  static std::optional<IpAddress> parse(const std::string& text);
  static std::optional<IpAddress> of(const sockaddr* address);

  enum class Reach {
    global,   ///< on the Internet
    local,    ///< this machine, or a private network
    special,  ///< link-local (cloud metadata), multicast, reserved: nobody's picture is there
  };
  /// An IPv6 address that stands for an IPv4 one is as that one.
  [[nodiscard]] Reach reach() const;
  [[nodiscard]] bool is_ipv6() const { return ipv6_; }
  [[nodiscard]] std::string text() const;
  auto operator<=>(const IpAddress&) const = default;

 private:
  IpAddress() = default;
  bool ipv6_ = false;
  std::array<std::uint8_t, 16> bytes_ = {};  // the first four of IPv4
};

}  // namespace blip::serve
