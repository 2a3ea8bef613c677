// Connection: what comes in, and for how long.
#include "serve/http/connection.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <new>
#include <utility>

#include "core/memory_headroom.hpp"

namespace blip::serve {
namespace {

using boost::system::error_code;

// Of requests that follow the one that is being answered.
constexpr std::size_t kMaxPipelinedBytes = std::size_t{64} << 10;
// A slow upload is judged by its average, after this.
constexpr std::chrono::seconds kBodyRateGrace{5};
// Most answers to clients that have closed their side are there by then.
constexpr std::chrono::milliseconds kProbeTime{200};

bool equal_ignoring_case(std::string_view a, std::string_view lower_case) {
  if (a.size() != lower_case.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char c = a[i] >= 'A' && a[i] <= 'Z' ? static_cast<char>(a[i] - 'A' + 'a') : a[i];
    if (c != lower_case[i]) return false;
  }
  return true;
}

}  // namespace

Connection::Connection(Socket socket, Peer peer, ConnectionShare& share)
    : socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      peer_(std::move(peer)),
      share_(share),
      parser_(std::make_unique<RequestParser>(share.limits)) {}

void Connection::start() {
  error_code ignored;
  socket_.non_blocking(true, ignored);
  set_deadline(share_.limits.idle_time);
  wait_to_read();
}

void Connection::drain() {
  keeps_alive_ = false;
  if (phase_ == Phase::idle) close();
}

void Connection::close() {
  if (phase_ == Phase::closed) return;
  const auto keep = shared_from_this();
  try {
    client_gone();
  } catch (const std::bad_alloc&) {
    // Its tasks are done for nobody.
  }
  phase_ = Phase::closed;
  count_buffered(0);
  timer_.cancel();
  error_code ignored;
  socket_.close(ignored);
  output_.clear();
  share_.on_closed(*this);
}

void Connection::wait_to_read() {
  if (waits_to_read_ || input_ended_ || phase_ == Phase::closed) return;
  if (phase_ >= Phase::working && phase_ < Phase::lingering &&
      input_.size() >= kMaxPipelinedBytes) {
    return;
  }
  waits_to_read_ = true;
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](const error_code& error) {
    self->waits_to_read_ = false;
    if (error || self->phase_ == Phase::closed) return;
    self->read_available();
  });
}

void Connection::read_available() {
  auto& buffer = share_.read_buffer;
  error_code error;
  const std::size_t size = socket_.read_some(boost::asio::buffer(buffer), error);
  if (error == boost::asio::error::would_block) {
    wait_to_read();
    return;
  }
  if (error == boost::asio::error::eof) {
    read_ended();
    return;
  }
  if (error) {
    close();
    return;
  }
  if (phase_ != Phase::lingering) {
    input_.append(buffer.data(), size);
    advance();
  }
  wait_to_read();
}

// The client has closed its side of the connection, or all of it: that cannot be told yet.
void Connection::read_ended() {
  input_ended_ = true;
  switch (phase_) {
    case Phase::working:
      // Not to touch the deadline of a prepared stream: its first piece tells as well.
      if (!stream_) set_deadline(kProbeTime);
      [[fallthrough]];
    case Phase::streaming:
    case Phase::finishing:
      watch_half_closed();
      break;
    case Phase::idle:
      if (input_.empty()) {
        close();
      } else {
        watch_half_closed();
        advance();  // requests that came before it
      }
      break;
    default:
      close();
  }
}

void Connection::watch_half_closed() {
  socket_.async_wait(Socket::wait_error, [self = shared_from_this()](const error_code& error) {
    if (!error) self->close();
  });
}

void Connection::advance() {
  if (advancing_) return;  // a response that is given at once; the loop below goes on
  advancing_ = true;
  const auto keep = shared_from_this();
  try {
    while (phase_ == Phase::idle || phase_ == Phase::head || phase_ == Phase::body) {
      if (phase_ == Phase::idle && !input_.empty()) {
        phase_ = Phase::head;
        set_deadline(share_.limits.header_time);
      }
      const std::size_t used = parser_->put(input_);
      input_.erase(0, used);
      if (phase_ == Phase::body) count_buffered(parser_->body_bytes());
      if (parser_->state() == RequestParser::State::done) {
        take_request();
      } else if (phase_ == Phase::head && parser_->state() == RequestParser::State::body) {
        if (!take_head()) break;
      } else if (used == 0 || input_.empty()) {
        if (input_ended_) close();
        break;
      }
    }
  } catch (const HttpError& error) {
    refuse(error);
  } catch (const std::bad_alloc&) {
    close();
  }
  advancing_ = false;
}

// False if it was refused.
bool Connection::take_head() {
  HttpRequest& request = parser_->request();
  is_http_1_1_ = parser_->is_http_1_1();
  is_head_request_ = request.method == "HEAD";
  keeps_alive_ = parser_->keeps_alive() && !share_.draining;
  if (auto response = share_.handler.admit(request, peer_)) {
    if (parser_->has_body()) keeps_alive_ = false;
    parser_ = std::make_unique<RequestParser>(share_.limits);
    phase_ = Phase::working;
    respond(std::move(*response));
    return phase_ == Phase::idle;
  }
  if (const auto length = request.headers.find("Content-Length");
      length && std::stoull(std::string(*length)) > share_.limits.body_bytes) {
    throw HttpError(413, "the request body is larger than " +
                             std::to_string(share_.limits.body_bytes) + " bytes");
  }
  if (parser_->has_body() && !has_headroom()) {
    throw HttpError(503, "not enough memory for a request body; try again later");
  }
  if (const auto expected = request.headers.find("Expect")) {
    if (!equal_ignoring_case(*expected, "100-continue")) {
      throw HttpError(417, "the only expectation understood here is 100-continue");
    }
    if (parser_->has_body() && input_.empty() && is_http_1_1_)
      send("HTTP/1.1 100 Continue\r\n\r\n");
  }
  phase_ = Phase::body;
  body_begun_ = std::chrono::steady_clock::now();
  set_deadline(std::min<std::chrono::milliseconds>(kBodyRateGrace, share_.limits.body_time));
  return true;
}

void Connection::take_request() {
  clear_deadline();
  phase_ = Phase::working;
  if (input_ended_) set_deadline(kProbeTime);
  HttpRequest request = std::move(parser_->request());
  count_buffered(0);
  parser_ = std::make_unique<RequestParser>(share_.limits);
  share_.handler.handle(std::move(request), peer_, Exchange(weak_from_this()));
}

void Connection::refuse(const HttpError& error) {
  const bool is_read = parser_->state() != RequestParser::State::head;
  const HttpRequest& request = parser_->request();
  keeps_alive_ = false;
  HttpResponse response = share_.handler.refuse(error.status(), error.what(), request.path,
                                                is_read ? &request : nullptr, peer_);
  phase_ = Phase::working;
  count_buffered(0);
  respond(std::move(response));
}

void Connection::count_buffered(std::size_t bytes) {
  share_.buffered_bytes += bytes - buffered_;
  buffered_ = bytes;
  if (bytes > 0 && share_.buffered_bytes > share_.limits.buffered_bytes) {
    throw HttpError(503, "too many large requests at once; try again later");
  }
}

// Deadlines.

void Connection::set_deadline(std::chrono::milliseconds time) {
  timer_.expires_after(time);
  timer_.async_wait([weak = weak_from_this(), number = ++timer_number_](const error_code& error) {
    const auto self = weak.lock();
    if (error || !self || self->timer_number_ != number) return;
    self->deadline_passed();
  });
}

void Connection::clear_deadline() {
  ++timer_number_;
  timer_.cancel();
}

void Connection::deadline_passed() {
  if (writing_) {
    close();  // the reader takes nothing
    return;
  }
  switch (phase_) {
    case Phase::head:
      refuse({408, "the header took too long"});
      break;
    case Phase::body:
      check_body_rate();
      break;
    case Phase::working:
      if (stream_) {
        begin_stream();
        if (!stream_->keep_alive.empty()) write_piece(stream_->keep_alive);
      } else if (input_ended_ && is_http_1_1_ && !probed_) {
        // Whoever has left altogether refuses it; whoever waits for the answer ignores it.
        probed_ = true;
        send("HTTP/1.1 102 Processing\r\n\r\n");
      }
      break;
    case Phase::streaming:
      write_piece(stream_->keep_alive);
      break;
    default:
      close();
  }
}

void Connection::check_body_rate() {
  const auto elapsed = std::chrono::steady_clock::now() - body_begun_;
  const auto& limits = share_.limits;
  const double seconds = std::chrono::duration<double>(elapsed).count();
  if (elapsed >= limits.body_time) {
    refuse({408, "the request body took too long"});
  } else if (elapsed >= kBodyRateGrace && static_cast<double>(parser_->body_bytes()) <
                                              seconds * static_cast<double>(limits.body_rate)) {
    refuse({408, "the request body came too slowly"});
  } else {
    set_deadline(std::min<std::chrono::milliseconds>(
        std::chrono::seconds(1),
        std::chrono::ceil<std::chrono::milliseconds>(limits.body_time - elapsed)));
  }
}

}  // namespace blip::serve
