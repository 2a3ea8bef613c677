#include "serve/http/http_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <new>
#include <thread>
#include <unordered_map>
#include <vector>

#include "serve/http/connection.hpp"

namespace blip::serve {
namespace {

using Protocol = boost::asio::generic::stream_protocol;
using Acceptor = boost::asio::basic_socket_acceptor<Protocol>;

// Descriptors are used up: that passes when connections are closed.
constexpr std::chrono::milliseconds kAcceptRetryTime{100};

std::string address_text(int family, const void* address) {
  std::array<char, INET6_ADDRSTRLEN> text = {};
  return inet_ntop(family, address, text.data(), text.size()) == nullptr ? "" : text.data();
}

Peer peer_of(int descriptor, std::size_t listener) {
  sockaddr_storage storage = {};
  socklen_t size = sizeof(storage);
  if (getpeername(descriptor, reinterpret_cast<sockaddr*>(&storage), &size) != 0) {
    return {.listener = listener, .address = {}};
  }
  Peer peer = {.listener = listener, .address = {}};
  if (storage.ss_family == AF_INET) {
    const auto& address = reinterpret_cast<const sockaddr_in&>(storage).sin_addr;
    peer.address = address_text(AF_INET, &address);
    peer.is_local = (ntohl(address.s_addr) >> 24) == 127;
  } else if (storage.ss_family == AF_INET6) {
    const auto& address = reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr;
    peer.address = address_text(AF_INET6, &address);
    peer.is_local = IN6_IS_ADDR_LOOPBACK(&address);
    constexpr std::string_view kMapped = "::ffff:";
    if (IN6_IS_ADDR_V4MAPPED(&address) && peer.address.starts_with(kMapped)) {
      peer.address.erase(0, kMapped.size());
      peer.is_local = peer.address.starts_with("127.");
    }
  } else {
    peer.is_local = true;
  }
  return peer;
}

}  // namespace

struct HttpServer::Implementation {
  explicit Implementation(const HttpLimits& limits, HttpHandler handler)
      : share{.limits = limits, .handler = std::move(handler), .on_closed = {}} {
    share.on_closed = [this](Connection& connection) { forget(connection); };
  }

  struct Listener {
    Acceptor acceptor;
    boost::asio::steady_timer retry;
    std::size_t number;
    bool is_waiting = false;  // for the next connection, or to try again
  };

  void accept(Listener& listener) {
    if (listener.is_waiting) return;
    listener.acceptor.async_accept([this, &listener](const boost::system::error_code& error,
                                                     Protocol::socket socket) {
      listener.is_waiting = false;
      if (!listener.acceptor.is_open()) return;
      if (error == boost::asio::error::operation_aborted) return;
      if (error) {
        listener.retry.expires_after(kAcceptRetryTime);
        listener.retry.async_wait([this, &listener](const boost::system::error_code& cancelled) {
          listener.is_waiting = false;
          if (!cancelled) accept(listener);
        });
        listener.is_waiting = true;
        return;
      }
      try {
        welcome(std::move(socket), listener.number);
      } catch (const std::bad_alloc&) {
        // This one is closed; the next one may be luckier.
      }
      accept(listener);
    });
    listener.is_waiting = true;
  }

  void welcome(Protocol::socket socket, std::size_t listener) {
    Peer peer = peer_of(socket.native_handle(), listener);
    std::size_t& from_there = connections_of[peer.address];
    if (connections.size() >= share.limits.connections ||
        (!peer.is_local && from_there >= share.limits.connections_per_address)) {
      if (from_there == 0) connections_of.erase(peer.address);
      // Too short to be waited for.
      constexpr std::string_view kFull =
          "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n"
          "Connection: close\r\n\r\n";
      [[maybe_unused]] const auto sent =
          send(socket.native_handle(), kFull.data(), kFull.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      return;
    }
    if (!peer.address.empty()) {
      const int on = 1;  // pieces of a stream are small, and waited for
      setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      setsockopt(socket.native_handle(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    }
    fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
    auto connection = std::make_shared<Connection>(std::move(socket), std::move(peer), share);
    connections.emplace(connection.get(), connection);
    ++from_there;  // forget() takes it back
    num_connections = connections.size();
    try {
      connection->start();
    } catch (const std::bad_alloc&) {
      connection->close();
    }
  }

  void forget(Connection& connection) {
    const auto count = connections_of.find(connection.peer().address);
    if (count != connections_of.end() && --count->second == 0) connections_of.erase(count);
    connections.erase(&connection);
    num_connections = connections.size();
    if (connections.empty()) {
      const std::lock_guard lock(mutex);
      all_closed.notify_all();
    }
  }

  // Connections may leave the map while they are gone through.
  void for_each_connection(void (Connection::*action)()) {
    std::vector<std::shared_ptr<Connection>> all;
    all.reserve(connections.size());
    for (const auto& [key, connection] : connections) all.push_back(connection);
    for (const auto& connection : all) (*connection.*action)();
  }

  void close_listeners() {
    for (Listener& listener : listeners) {
      boost::system::error_code ignored;
      listener.retry.cancel();
      listener.acceptor.close(ignored);
    }
  }

  void run() {
    bool has_failed = false;
    for (;;) {
      try {
        // A listener may have been about to wait.
        for (Listener& listener : listeners) {
          if (has_failed && listener.acceptor.is_open()) accept(listener);
        }
        context.run();
        return;
      } catch (const std::exception&) {
        // Out of memory with one connection: the others go on.
        has_failed = true;
        constexpr std::chrono::milliseconds kPause{5};
        std::this_thread::sleep_for(kPause);
      }
    }
  }

  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
      context.get_executor()};
  ConnectionShare share;
  std::deque<Listener> listeners;
  std::unordered_map<Connection*, std::shared_ptr<Connection>> connections;
  std::map<std::string, std::size_t> connections_of;  // by address
  std::atomic<std::size_t> num_connections = 0;
  mutable std::mutex mutex;
  mutable std::condition_variable all_closed;
  std::jthread thread;
};

HttpServer::HttpServer(const HttpLimits& limits, HttpHandler handler)
    : implementation_(std::make_unique<Implementation>(limits, std::move(handler))) {}

HttpServer::~HttpServer() {
  stop();
}

void HttpServer::listen(int descriptor, std::size_t listener) {
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  auto& context = implementation_->context;
  auto& listeners = implementation_->listeners;
  listeners.push_back({Acceptor(context, Protocol(address.ss_family, 0), descriptor),
                       boost::asio::steady_timer(context), listener});
  post([this, &added = listeners.back()] { implementation_->accept(added); });
}

void HttpServer::start() {
  implementation_->thread = std::jthread([this] { implementation_->run(); });
}

void HttpServer::post(std::function<void()> action) const {
  boost::asio::post(implementation_->context, std::move(action));
}

void HttpServer::drain() {
  post([this] {
    implementation_->share.draining = true;
    implementation_->close_listeners();
    implementation_->for_each_connection(&Connection::drain);
  });
}

std::size_t HttpServer::num_connections() const noexcept {
  return implementation_->num_connections;
}

bool HttpServer::wait_until_closed(std::chrono::milliseconds time) const {
  std::unique_lock lock(implementation_->mutex);
  return implementation_->all_closed.wait_for(
      lock, time, [this] { return implementation_->num_connections == 0; });
}

void HttpServer::stop() {
  if (!implementation_->thread.joinable()) return;
  post([this] {
    implementation_->context.stop();  // first: the rest may find no memory
    implementation_->close_listeners();
    implementation_->for_each_connection(&Connection::close);
  });
  implementation_->thread.join();
}

}  // namespace blip::serve
