#include "test_client.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <utility>

namespace blip::serve {
namespace {

// A test that waits for so long has failed.
void limit_waiting(int descriptor) {
  const timeval limit = {.tv_sec = 30, .tv_usec = 0};
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

std::string field_of(const std::string& head, const std::string& name) {
  const std::size_t at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + name.size() + 4;
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

}  // namespace

TestClient::TestClient(std::uint16_t port)
    : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  limit_waiting(descriptor_);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool connected =
      connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  EXPECT_TRUE(connected) << std::strerror(errno);
}

TestClient::TestClient(const std::string& unix_path)
    : descriptor_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  limit_waiting(descriptor_);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  unix_path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const bool connected =
      connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  EXPECT_TRUE(connected) << std::strerror(errno);
}

TestClient::TestClient(TestClient&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), input_(std::move(other.input_)) {}

TestClient::~TestClient() {
  close();
}

void TestClient::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

void TestClient::reset() {
  const linger at_once = {.l_onoff = 1, .l_linger = 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  close();
}

void TestClient::set_receive_buffer(int bytes) const {
  setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}

bool TestClient::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void TestClient::shutdown_send() const {
  shutdown(descriptor_, SHUT_WR);
}

bool TestClient::receive() {
  std::array<char, 65536> bytes = {};
  const ssize_t count = recv(descriptor_, bytes.data(), bytes.size(), 0);
  if (count < 0 && errno != ECONNRESET) ADD_FAILURE() << "recv: " << std::strerror(errno);
  if (count <= 0) return false;
  input_.append(bytes.data(), static_cast<std::size_t>(count));
  return true;
}

std::string TestClient::take(std::size_t count) {
  while (input_.size() < count && receive()) {
  }
  std::string taken = input_.substr(0, count);
  input_.erase(0, count);
  return taken;
}

std::string TestClient::read_until(std::string_view text) {
  std::size_t at = input_.find(text);
  while (at == std::string::npos && receive()) at = input_.find(text);
  return take(at == std::string::npos ? input_.size() : at + text.size());
}

std::string TestClient::read_all() {
  while (receive()) {
  }
  return take(input_.size());
}

TestResponse TestClient::read_response(bool head_only) {
  TestResponse response;
  response.head = read_until("\r\n\r\n");
  if (response.head.size() < 12) return response;
  response.status = std::stoi(response.head.substr(9, 3));
  if (head_only || response.status < 200 || response.status == 204) return response;
  if (field_of(response.head, "Transfer-Encoding") == "chunked") {
    for (;;) {
      const std::size_t size = std::stoul("0" + read_until("\r\n"), nullptr, 16);
      response.body += take(size);
      take(2);
      if (size == 0) return response;
    }
  }
  const std::string length = field_of(response.head, "Content-Length");
  response.body = length.empty() ? read_all() : take(std::stoul(length));
  return response;
}

}  // namespace blip::serve
