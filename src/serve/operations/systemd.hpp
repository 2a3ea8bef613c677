// What systemd and a service tell each other: sockets that it opened, and how the service is.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace blip::serve {

struct InheritedSocket {
  int descriptor = -1;
  std::string name;  ///< FileDescriptorName= of the socket unit
};

/// The listening sockets that this process was started with (LISTEN_FDS). The variables are unset,
/// so that no child takes them for its own.
[[nodiscard]] std::vector<InheritedSocket> inherited_sockets();

/// Sends `state` ("READY=1") to the service manager, if there is one that listens.
void notify_service_manager(std::string_view state);

/// RELOADING=1 with the time that systemd wants beside it; READY=1 has to follow.
void notify_reloading();

/// How often WATCHDOG=1 is due: half of what the service manager allows.
[[nodiscard]] std::optional<std::chrono::microseconds> watchdog_interval();

}  // namespace blip::serve
