#include "serve/operations/systemd.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace blip::serve {
namespace {

constexpr int kFirstInherited = 3;  // behind standard error
constexpr int kMaxInherited = 64;

std::optional<long long> number_in_environment(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  long long value = 0;
  const char* end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

bool is_listening_socket(int descriptor) {
  int listening = 0;
  socklen_t size = sizeof(listening);
  return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 &&
         listening != 0;
}

}  // namespace

std::vector<InheritedSocket> inherited_sockets() {
  const auto process = number_in_environment("LISTEN_PID");
  const auto count = number_in_environment("LISTEN_FDS");
  const char* names_text = std::getenv("LISTEN_FDNAMES");
  std::string names = names_text == nullptr ? "" : names_text;
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) unsetenv(name);
  std::vector<InheritedSocket> sockets;
  if (!process || *process != getpid() || !count || *count < 1 || *count > kMaxInherited) return {};
  for (int i = 0; i < *count; ++i) {
    const std::string name = names.substr(0, names.find(':'));
    names.erase(0, std::min(name.size() + 1, names.size()));
    const int descriptor = kFirstInherited + i;
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    if (is_listening_socket(descriptor)) sockets.push_back({descriptor, name});
  }
  return sockets;
}

void notify_service_manager(std::string_view state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr) return;
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::size_t length = std::strlen(path);
  if (length < 2 || length >= sizeof(address.sun_path)) return;
  std::memcpy(address.sun_path, path, length);
  if (path[0] == '@') address.sun_path[0] = '\0';  // an abstract name
  const int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return;
  [[maybe_unused]] const auto sent =
      sendto(descriptor, state.data(), state.size(), MSG_NOSIGNAL,
             reinterpret_cast<const sockaddr*>(&address),
             static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length));
  close(descriptor);
}

void notify_reloading() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const std::int64_t microseconds = std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
  notify_service_manager("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

std::optional<std::chrono::microseconds> watchdog_interval() {
  const auto limit = number_in_environment("WATCHDOG_USEC");
  const auto process = number_in_environment("WATCHDOG_PID");
  if (!limit || *limit <= 0 || (process && *process != getpid())) return std::nullopt;
  return std::chrono::microseconds(*limit / 2);
}

}  // namespace blip::serve
