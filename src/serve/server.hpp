// Server: listeners, dialects and an engine put together.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "serve/engine/engine.hpp"
#include "serve/server_options.hpp"

namespace blip::serve {

class Server {
 public:
  /// Opens the listening sockets; connections wait until it is started. Throws blip::Error.
  Server(ServerOptions options, Engine& engine);
  /// Stops at once what has not been drained.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void start();
  /// What the listeners are bound to, in their order.
  [[nodiscard]] std::vector<ListenAddress> addresses() const;

  /// Not ready any more from here on; listens for ServerOptions::drain_delay, then answers what
  /// there is, for at most drain_timeout, and is stopped. Returns then. `stop` makes it return at
  /// once.
  void drain();
  void stop();
  /// From the next request on, of what is read again while the server runs.
  void reload(AccessRules access, std::vector<ModelAlias> aliases);
  void log(std::string_view level, std::string_view text);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace blip::serve
