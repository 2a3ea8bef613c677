// Connection: one client's socket, and the requests that come over it one after another.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "serve/http/http_error.hpp"
#include "serve/http/http_server.hpp"
#include "serve/http/request_parser.hpp"

namespace blip::serve {

/// What connections share. Belongs to the server's thread.
struct ConnectionShare {
  HttpLimits limits;
  HttpHandler handler;
  bool draining = false;
  std::size_t buffered_bytes = 0;  ///< of the requests that are being received
  std::vector<char> read_buffer = std::vector<char>(std::size_t{64} << 10);
  std::function<void(Connection&)> on_closed;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;

  Connection(Socket socket, Peer peer, ConnectionShare& share);

  void start();
  /// Closes it behind the response it is at; at once if there is none.
  void drain();
  void close();

  [[nodiscard]] const Peer& peer() const noexcept { return peer_; }
  [[nodiscard]] auto executor() { return socket_.get_executor(); }

  // For Exchange; on the server's thread.
  void respond(HttpResponse response);
  void prepare_stream(StreamHead head);
  void write_piece(std::string piece);
  void settle(const std::function<HttpResponse(bool begun)>& end);
  void on_gone(std::function<void()> gone) { gone_ = std::move(gone); }

 private:
  enum class Phase {
    idle,       // no byte of a request yet
    head,       // some
    body,       // the head is there
    working,    // the request is there, the response is not
    streaming,  // a part of the response is sent, the rest is not there
    finishing,  // the response is being sent
    lingering,  // it is sent; what the client still sends is thrown away
    closed,
  };

  void wait_to_read();
  void read_available();
  void read_ended();
  void advance();
  bool take_head();
  void take_request();
  void refuse(const HttpError& error);
  void count_buffered(std::size_t bytes);

  void begin_stream();
  void finish_response();
  void send(std::string bytes);
  void write_more();
  void all_written();
  void watch_half_closed();
  void client_gone();

  void set_deadline(std::chrono::milliseconds time);
  void clear_deadline();
  void deadline_passed();
  void check_body_rate();

  Socket socket_;
  boost::asio::steady_timer timer_;
  std::uint64_t timer_number_ = 0;
  Peer peer_;
  ConnectionShare& share_;

  Phase phase_ = Phase::idle;
  std::string input_;
  bool waits_to_read_ = false;
  bool input_ended_ = false;
  std::unique_ptr<RequestParser> parser_;
  std::chrono::steady_clock::time_point body_begun_;
  std::size_t buffered_ = 0;

  bool keeps_alive_ = true;
  bool is_head_request_ = false;
  bool is_http_1_1_ = true;
  bool probed_ = false;
  std::unique_ptr<StreamHead> stream_;
  std::function<void()> gone_;

  std::deque<std::string> output_;
  std::size_t output_bytes_ = 0;
  std::size_t front_written_ = 0;
  bool writing_ = false;
  bool advancing_ = false;
};

}  // namespace blip::serve
