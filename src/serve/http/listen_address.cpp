#include "serve/http/listen_address.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <memory>
#include <system_error>

#include "blip/error.hpp"

namespace blip::serve {
namespace {

constexpr int kBacklog = 4096;  // as many as the system allows
constexpr std::string_view kUnixPrefix = "unix:";

[[noreturn]] void throw_listen_error(const ListenAddress& address, int error) {
  throw Error(ErrorCode::unreadable,
              "cannot listen at " + address.text() + ": " + std::generic_category().message(error));
}

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

// Closed unless it is given away.
class SocketOwner {
 public:
  explicit SocketOwner(int descriptor) : descriptor_(descriptor) {}
  ~SocketOwner() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  SocketOwner(const SocketOwner&) = delete;
  SocketOwner& operator=(const SocketOwner&) = delete;
  [[nodiscard]] int get() const { return descriptor_; }
  int release() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_;
};

sockaddr_un unix_address(const ListenAddress& address) {
  sockaddr_un where = {};
  where.sun_family = AF_UNIX;
  if (address.unix_path.size() >= sizeof(where.sun_path)) {
    throw Error(ErrorCode::invalid_argument, address.text() + ": the path is too long");
  }
  std::memcpy(where.sun_path, address.unix_path.data(), address.unix_path.size());
  return where;
}

int bind_unix_socket(const ListenAddress& address) {
  const sockaddr_un where = unix_address(address);
  const auto* generic = reinterpret_cast<const sockaddr*>(&where);
  struct stat status = {};
  if (lstat(where.sun_path, &status) == 0 && S_ISSOCK(status.st_mode)) {
    const SocketOwner probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (connect(probe.get(), generic, sizeof(where)) == 0) throw_listen_error(address, EADDRINUSE);
    if (errno == ECONNREFUSED) unlink(where.sun_path);
  }
  SocketOwner listening(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (listening.get() < 0 || bind(listening.get(), generic, sizeof(where)) != 0 ||
      listen(listening.get(), kBacklog) != 0) {
    throw_listen_error(address, errno);
  }
  return listening.release();
}

int bind_tcp_socket(const ListenAddress& address) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failure =
      getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  const std::unique_ptr<addrinfo, FreeAddresses> owner(found);
  if (failure != 0) {
    throw Error(ErrorCode::invalid_argument,
                "cannot listen at " + address.text() + ": " + gai_strerror(failure));
  }
  SocketOwner listening(socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(listening.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (found->ai_family == AF_INET6 && address.host != "::") {
    setsockopt(listening.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  }
  if (listening.get() < 0 || bind(listening.get(), found->ai_addr, found->ai_addrlen) != 0 ||
      listen(listening.get(), kBacklog) != 0) {
    throw_listen_error(address, errno);
  }
  return listening.release();
}

}  // namespace

ListenAddress ListenAddress::parse(std::string_view text) {
  const auto bad = [whole = std::string(text)](const std::string& why) -> Error {
    return {ErrorCode::invalid_argument, "'" + whole + "' is no place to listen: " + why};
  };
  ListenAddress address;
  if (const std::size_t equals = text.find('='); equals < text.find_first_of(":/[")) {
    address.dialect = std::string(text.substr(0, equals));
    text.remove_prefix(equals + 1);
    if (address.dialect.empty()) throw bad("no dialect before '='");
  }
  if (text.starts_with(kUnixPrefix)) {
    address.unix_path = std::string(text.substr(kUnixPrefix.size()));
    if (address.unix_path.empty()) throw bad("no path after unix:");
    return address;
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) throw bad("it is ADDRESS:PORT or unix:PATH");
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    throw bad("an IPv6 address stands in brackets");
  }
  if (host.empty()) throw bad("no address before the port; 0.0.0.0 is all of them");
  const std::string_view port = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (error != std::errc{} || end != port.data() + port.size()) {
    throw bad("the port is a number up to 65535");
  }
  address.host = host == "*" ? "0.0.0.0" : std::string(host);
  return address;
}

std::string ListenAddress::text() const {
  if (!unix_path.empty()) return std::string(kUnixPrefix) + unix_path;
  const bool brackets = host.find(':') != std::string::npos;
  return (brackets ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

int open_listening_socket(const ListenAddress& address) {
  return address.unix_path.empty() ? bind_tcp_socket(address) : bind_unix_socket(address);
}

ListenAddress bound_address(int descriptor) {
  sockaddr_storage storage = {};
  socklen_t size = sizeof(storage);
  ListenAddress address;
  if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return address;
  std::array<char, INET6_ADDRSTRLEN> text = {};
  if (storage.ss_family == AF_INET) {
    const auto& ipv4 = reinterpret_cast<const sockaddr_in&>(storage);
    inet_ntop(AF_INET, &ipv4.sin_addr, text.data(), text.size());
    address.port = ntohs(ipv4.sin_port);
    address.host = text.data();
  } else if (storage.ss_family == AF_INET6) {
    const auto& ipv6 = reinterpret_cast<const sockaddr_in6&>(storage);
    inet_ntop(AF_INET6, &ipv6.sin6_addr, text.data(), text.size());
    address.port = ntohs(ipv6.sin6_port);
    address.host = text.data();
  } else {
    const auto& local = reinterpret_cast<const sockaddr_un&>(storage);
    const std::size_t length =
        size > offsetof(sockaddr_un, sun_path) ? size - offsetof(sockaddr_un, sun_path) : 0;
    address.unix_path = std::string(local.sun_path, strnlen(local.sun_path, length));
    if (address.unix_path.empty()) address.unix_path = "@";
  }
  return address;
}

bool is_loopback(const ListenAddress& address) {
  if (!address.unix_path.empty()) return true;
  return address.host == "localhost" || address.host == "::1" || address.host.starts_with("127.");
}

}  // namespace blip::serve
