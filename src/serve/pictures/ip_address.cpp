#include "serve/pictures/ip_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace blip::serve {
namespace {

using Bytes = std::array<std::uint8_t, 16>;
using Reach = IpAddress::Reach;

struct Network {
  Bytes bytes;
  int bits;
  Reach reach;
};

// IANA's special-purpose registries (RFC 6890 and its successors), and what is special besides.
constexpr std::array kIpv4Networks = {
    Network{{0}, 8, Reach::special},                  // "this network"
    Network{{10}, 8, Reach::local},                   // private
    Network{{100, 64}, 10, Reach::local},             // carrier-grade NAT
    Network{{127}, 8, Reach::local},                  // loopback
    Network{{168, 63, 129, 16}, 32, Reach::special},  // Azure's host, which looks public
    Network{{169, 254}, 16, Reach::special},          // link-local: metadata of clouds
    Network{{172, 16}, 12, Reach::local},             // private
    Network{{192, 0, 0}, 24, Reach::special},         // IETF protocol assignments
    Network{{192, 0, 2}, 24, Reach::special},         // documentation
    Network{{192, 88, 99}, 24, Reach::special},       // 6to4 relays
    Network{{192, 168}, 16, Reach::local},            // private
    Network{{198, 18}, 15, Reach::special},           // benchmarks
    Network{{198, 51, 100}, 24, Reach::special},      // documentation
    Network{{203, 0, 113}, 24, Reach::special},       // documentation
    Network{{224}, 4, Reach::special},                // multicast
    Network{{240}, 4, Reach::special},                // reserved, broadcast
};
constexpr std::array kIpv6Networks = {
    Network{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, Reach::local},  // loopback
    Network{{}, 96, Reach::special},                           // unspecified, IPv4-compatible
    Network{{0, 0x64, 0xFF, 0x9B, 0, 1}, 48, Reach::special},  // local-use translation
    Network{{1}, 64, Reach::special},                          // discard
    Network{{0x20, 1}, 23, Reach::special},                    // IETF protocol assignments
    Network{{0x20, 1, 0x0D, 0xB8}, 32, Reach::special},        // documentation
    Network{{0x3F, 0xFF}, 20, Reach::special},                 // documentation
    Network{{0x5F}, 16, Reach::special},                       // segment routing
    Network{{0xFC}, 7, Reach::local},                          // unique local
    Network{{0xFE, 0x80}, 10, Reach::special},                 // link-local
    Network{{0xFE, 0xC0}, 10, Reach::special},                 // site-local, once
    Network{{0xFF}, 8, Reach::special},                        // multicast
};
// AWS's metadata, in the midst of unique local addresses.
constexpr Bytes kAwsMetadata = {0xFD, 0, 0x0E, 0xC2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x54};

bool is_in(const Bytes& address, const Bytes& network, int bits) {
  for (std::size_t i = 0; bits > 0; ++i, bits -= 8) {
    const auto mask = static_cast<std::uint8_t>(bits >= 8 ? 0xFF : 0xFF << (8 - bits));
    if (((address[i] ^ network[i]) & mask) != 0) return false;
  }
  return true;
}

template <typename Networks>
Reach reach_in(const Bytes& address, const Networks& networks) {
  for (const Network& network : networks) {
    if (is_in(address, network.bytes, network.bits)) return network.reach;
  }
  return Reach::global;
}

Bytes ipv4_at(const Bytes& address, std::size_t first, std::uint8_t flip = 0) {
  Bytes ipv4 = {};
  for (std::size_t i = 0; i < 4; ++i)
    ipv4[i] = static_cast<std::uint8_t>(address[first + i] ^ flip);
  return ipv4;
}

// The IPv4 address that traffic to an IPv6 one goes to.
std::optional<Bytes> embedded_ipv4(const Bytes& address) {
  constexpr Bytes kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  constexpr Bytes kTranslated = {0, 0x64, 0xFF, 0x9B};
  constexpr Bytes k6to4 = {0x20, 2};
  constexpr Bytes kTeredo = {0x20, 1};
  if (is_in(address, kMapped, 96) || is_in(address, kTranslated, 96)) return ipv4_at(address, 12);
  if (is_in(address, k6to4, 16)) return ipv4_at(address, 2);
  if (is_in(address, kTeredo, 32)) return ipv4_at(address, 12, 0xFF);
  return std::nullopt;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(const std::string& text) {
  IpAddress address;
  if (text.find('\0') != std::string::npos) return std::nullopt;
  if (inet_pton(AF_INET, text.c_str(), address.bytes_.data()) == 1) return address;
  address.ipv6_ = true;
  if (inet_pton(AF_INET6, text.c_str(), address.bytes_.data()) == 1) return address;
  return std::nullopt;
}

std::optional<IpAddress> IpAddress::of(const sockaddr* socket_address) {
  IpAddress address;
  if (socket_address->sa_family == AF_INET) {
    std::memcpy(address.bytes_.data(),
                &reinterpret_cast<const sockaddr_in*>(socket_address)->sin_addr, 4);
    return address;
  }
  if (socket_address->sa_family != AF_INET6) return std::nullopt;
  address.ipv6_ = true;
  std::memcpy(address.bytes_.data(),
              &reinterpret_cast<const sockaddr_in6*>(socket_address)->sin6_addr, 16);
  return address;
}

IpAddress::Reach IpAddress::reach() const {
  if (!ipv6_) return reach_in(bytes_, kIpv4Networks);
  if (const auto ipv4 = embedded_ipv4(bytes_)) {
    // Not on the Internet itself, but that depends on what stands between.
    return reach_in(*ipv4, kIpv4Networks) == Reach::global ? Reach::global : Reach::special;
  }
  if (bytes_ == kAwsMetadata) return Reach::special;
  return reach_in(bytes_, kIpv6Networks);
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> text = {};
  inet_ntop(ipv6_ ? AF_INET6 : AF_INET, bytes_.data(), text.data(), text.size());
  return text.data();
}

}  // namespace blip::serve
