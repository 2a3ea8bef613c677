// HttpServer: connections, requests and responses over TCP and Unix sockets. All of them belong to
// one thread, which never waits: what takes time is done elsewhere and answered by an Exchange.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "serve/http/exchange.hpp"
#include "serve/http/limits.hpp"
#include "serve/http/message.hpp"

namespace blip::serve {

/// Where a request came from.
struct Peer {
  std::size_t listener = 0;
  std::string address;    ///< "192.0.2.7", "::1"; empty over a Unix socket
  bool is_local = false;  ///< from this machine
};

/// What is done about requests. All are called on the server's thread, throw nothing and do not
/// wait.
struct HttpHandler {
  /// Before the body is received. A response ends the matter; the body is not read then.
  std::function<std::optional<HttpResponse>(HttpRequest& head, const Peer& peer)> admit;
  std::function<void(HttpRequest request, const Peer& peer, const Exchange& exchange)> handle;
  /// A response to what is not or cannot be received. `head` is null if no head was understood;
  /// even then `path` may be what was asked for.
  std::function<HttpResponse(int status, std::string_view message, std::string_view path,
                             const HttpRequest* head, const Peer& peer)>
      refuse;
};

class HttpServer {
 public:
  HttpServer(const HttpLimits& limits, HttpHandler handler);
  /// Breaks off whatever goes on.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Accepts connections from the listening socket `descriptor`, which it owns from here on.
  void listen(int descriptor, std::size_t listener);
  void start();
  /// Runs `action` on the server's thread.
  void post(std::function<void()> action) const;

  /// Stops listening, closes connections that wait for a request and the others behind the response
  /// they are at.
  void drain();
  /// Open connections. Of any thread.
  [[nodiscard]] std::size_t num_connections() const noexcept;
  /// Whether all connections are closed within `time`.
  [[nodiscard]] bool wait_until_closed(std::chrono::milliseconds time) const;
  /// Closes everything and ends the thread.
  void stop();

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace blip::serve
