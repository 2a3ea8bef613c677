// TestServer: a server on a free port of this machine, with a fake engine and one small dialect.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "fake_engine.hpp"
#include "serve/server.hpp"
#include "test_client.hpp"

namespace blip::serve {

/// POST /echo: the body; /caption: a task, whose picture is the body or, after "url ", a URL;
/// /two: two tasks with the picture at the path that the body is; /stream: a task as a stream;
/// /bad: blip::Error.
Dialect test_dialect();

class TestServer {
  // Outlive the server, which writes there to its end.
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;

 public:
  /// Of `options` the listeners are set here, if there are none, and a dialect is added.
  explicit TestServer(ServerOptions options = {});

  [[nodiscard]] std::uint16_t port() const { return server->addresses().front().port; }
  [[nodiscard]] TestClient connect() const { return TestClient(port()); }
  /// The answer to one request on a connection of its own.
  [[nodiscard]] TestResponse ask(const std::string& request) const;
  [[nodiscard]] std::vector<std::string> log_lines() const;

  FakeEngine engine;
  std::unique_ptr<Server> server;
};

std::string get(const std::string& path, const std::string& fields = "");
std::string post(const std::string& path, const std::string& body, const std::string& fields = "");

}  // namespace blip::serve
