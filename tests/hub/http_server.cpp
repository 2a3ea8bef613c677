#include "tests/hub/http_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <sstream>
#include <stdexcept>

namespace blip::testing {
namespace {

bool send_all(int connection, const std::string& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t count =
        ::send(connection, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return false;
    sent += static_cast<std::size_t>(count);
  }
  return true;
}

// The next request on a connection; nothing when the client has left.
std::optional<ServerRequest> read_request(int connection, std::string& buffer) {
  std::size_t end = 0;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
    std::array<char, 4096> chunk;
    const ssize_t count = ::recv(connection, chunk.data(), chunk.size(), 0);
    if (count <= 0) return std::nullopt;
    buffer.append(chunk.data(), static_cast<std::size_t>(count));
  }
  std::istringstream lines(buffer.substr(0, end));
  buffer.erase(0, end + 4);
  ServerRequest request;
  lines >> request.method >> request.path;
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    const std::size_t colon = line.find(": ");
    if (colon == std::string::npos) continue;
    std::string name = line.substr(0, colon);
    for (char& c : name) c = static_cast<char>(std::tolower(c));
    if (line.ends_with('\r')) line.pop_back();
    request.headers[name] = line.substr(colon + 2);
  }
  return request;
}

}  // namespace

std::string ServerRequest::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

HttpServer::HttpServer(Answer answer) : answer_(std::move(answer)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0 || ::bind(listener_, generic, size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, generic, &size) != 0) {
    throw std::runtime_error("no socket for the test's server");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

HttpServer::~HttpServer() {
  stopping_ = true;
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int connection : connections_) ::shutdown(connection, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  ::close(listener_);
}

std::string HttpServer::url(const std::string& path, const std::string& host) const {
  return "http://" + host + ":" + std::to_string(port_) + path;
}

std::vector<ServerRequest> HttpServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void HttpServer::accept_all() {
  while (!stopping_) {
    pollfd waiting = {.fd = listener_, .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, 20) <= 0) continue;
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    const std::lock_guard lock(mutex_);
    connections_.push_back(connection);
    threads_.emplace_back([this, connection] { serve(connection); });
  }
}

void HttpServer::serve(int connection) {
  std::string buffer;
  while (!stopping_) {
    const auto request = read_request(connection, buffer);
    if (!request) break;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(*request);
    }
    if (!send_reply(connection, *request, answer_(*request))) break;
  }
  const std::lock_guard lock(mutex_);
  connections_.remove(connection);
  ::close(connection);
}

bool HttpServer::pause(std::chrono::milliseconds time) const {
  const auto end = std::chrono::steady_clock::now() + time;
  while (!stopping_ && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return !stopping_;
}

bool HttpServer::send_reply(int connection, const ServerRequest& request,
                            const ServerReply& reply) const {
  if (reply.delay.count() > 0 && !pause(reply.delay)) return false;
  std::string head = "HTTP/1.1 " + std::to_string(reply.status) + " Test\r\n";
  const bool has_length =
      std::any_of(reply.headers.begin(), reply.headers.end(),
                  [](const auto& header) { return header.first == "Content-Length"; });
  if (!reply.without_length && !has_length) {
    head +=
        "Content-Length: " + std::to_string(reply.promised.value_or(reply.body.size())) + "\r\n";
  }
  for (const auto& [name, value] : reply.headers)
    head.append(name).append(": ").append(value).append("\r\n");
  if (!send_all(connection, head + "\r\n")) return false;
  if (request.method == "HEAD") return true;

  const std::string body = reply.body.substr(0, reply.break_off_after.value_or(reply.body.size()));
  const std::size_t piece = reply.piece.value_or(std::max<std::size_t>(body.size(), 1));
  for (std::size_t at = 0; at < body.size(); at += piece) {
    if (reply.piece && !pause(reply.pause)) return false;
    if (!send_all(connection, body.substr(at, piece))) return false;
  }
  const bool ends_it = reply.break_off_after || reply.without_length ||
                       reply.promised.value_or(body.size()) > body.size();
  if (ends_it) ::shutdown(connection, SHUT_RDWR);
  return !ends_it;
}

}  // namespace blip::testing
