// TestClient: a plain socket to a server under test.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace blip::serve {

struct TestResponse {
  int status = 0;
  std::string head;
  std::string body;
};

class TestClient {
 public:
  explicit TestClient(std::uint16_t port);
  explicit TestClient(const std::string& unix_path);
  ~TestClient();
  TestClient(TestClient&& other) noexcept;
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  /// False if the server does not take it.
  bool send(std::string_view bytes) const;
  void shutdown_send() const;
  /// With a reset, as a process that is killed with unread bytes.
  void reset();
  void close();
  /// Does not read more than so many bytes at a time from the kernel.
  void set_receive_buffer(int bytes) const;

  /// One response with Content-Length or chunks; the status is 0 if the connection ends before it.
  TestResponse read_response(bool head_only = false);
  /// Until `text` has come. What came, `text` at its end; less if the connection ends.
  std::string read_until(std::string_view text);
  /// Whatever comes until the connection ends.
  std::string read_all();

 private:
  bool receive();
  std::string take(std::size_t count);

  int descriptor_ = -1;
  std::string input_;
};

}  // namespace blip::serve
