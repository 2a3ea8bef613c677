// HttpServer: a small server of this process that can misbehave in every way a test asks for.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace blip::testing {

struct ServerRequest {
  std::string method;
  std::string path;                            ///< as it was sent, still percent-encoded
  std::map<std::string, std::string> headers;  ///< names in lower case

  [[nodiscard]] std::string header(const std::string& name) const;
};

struct ServerReply {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  /// Content-Length if it is to differ from the body's.
  std::optional<std::size_t> promised = {};
  /// The connection is closed after so many bytes of the body.
  std::optional<std::size_t> break_off_after = {};
  /// No Content-Length: the body ends with the connection.
  bool without_length = false;
  /// Before anything is sent.
  std::chrono::milliseconds delay = {};
  /// The body comes in pieces of this many bytes, a pause before each.
  std::optional<std::size_t> piece = {};
  std::chrono::milliseconds pause = {};
};

/// Listens on a free port of 127.0.0.1 and answers each connection on a thread of its own, one
/// request after another. `answer` is called by several threads at once.
class HttpServer {
 public:
  using Answer = std::function<ServerReply(const ServerRequest&)>;

  explicit HttpServer(Answer answer);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// "http://HOST:PORT/PATH"; "localhost" is the same server, and another host.
  [[nodiscard]] std::string url(const std::string& path = "",
                                const std::string& host = "127.0.0.1") const;
  /// Every request so far.
  [[nodiscard]] std::vector<ServerRequest> requests() const;

 private:
  void accept_all();
  void serve(int connection);
  bool send_reply(int connection, const ServerRequest& request, const ServerReply& reply) const;
  bool pause(std::chrono::milliseconds time) const;

  Answer answer_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  std::vector<ServerRequest> requests_;
  std::list<int> connections_;
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace blip::testing
