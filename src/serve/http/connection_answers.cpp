// Connection: what goes out.
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "serve/http/connection.hpp"
#include "serve/http/response_text.hpp"

namespace blip::serve {
namespace {

// How long a client may go on sending what nobody reads, so that it sees the response.
constexpr std::chrono::milliseconds kLingerTime{2000};

}  // namespace

void Connection::respond(HttpResponse response) {
  if (phase_ != Phase::working) return;
  gone_ = nullptr;
  stream_.reset();
  keeps_alive_ = keeps_alive_ && !share_.draining;
  std::string bytes =
      response_head(response, {.keeps_alive = keeps_alive_, .is_http_1_1 = is_http_1_1_});
  if (!is_head_request_ && response.status != 204 && response.status != 304) {
    bytes += response.body;
  }
  phase_ = Phase::finishing;
  send(std::move(bytes));
}

void Connection::prepare_stream(StreamHead head) {
  if (phase_ != Phase::working) return;
  stream_ = std::make_unique<StreamHead>(std::move(head));
  set_deadline(share_.limits.keep_alive_time);
}

void Connection::begin_stream() {
  phase_ = Phase::streaming;
  keeps_alive_ = keeps_alive_ && is_http_1_1_ && !share_.draining;
  HttpResponse response;
  response.headers = stream_->headers;
  std::string bytes = response_head(response, {.keeps_alive = keeps_alive_,
                                               .is_http_1_1 = is_http_1_1_,
                                               .chunked = is_http_1_1_,
                                               .without_length = !is_http_1_1_});
  if (!is_head_request_) bytes += is_http_1_1_ ? chunk_of(stream_->begin) : stream_->begin;
  send(std::move(bytes));
}

void Connection::write_piece(std::string piece) {
  if (phase_ == Phase::working && stream_) begin_stream();
  if (phase_ != Phase::streaming || piece.empty() || is_head_request_) return;
  if (output_bytes_ > share_.limits.unread_bytes) {
    close();  // a reader that takes nothing
    return;
  }
  send(is_http_1_1_ ? chunk_of(piece) : std::move(piece));
}

void Connection::settle(const std::function<HttpResponse(bool begun)>& end) {
  if (phase_ == Phase::working) {
    respond(end(false));
  } else if (phase_ == Phase::streaming) {
    const HttpResponse response = end(true);
    gone_ = nullptr;
    phase_ = Phase::finishing;
    std::string bytes;
    if (!is_head_request_) {
      bytes = is_http_1_1_ ? chunk_of(response.body) : response.body;
      if (is_http_1_1_) bytes += kLastChunk;
    }
    stream_.reset();
    send(std::move(bytes));
  }
}

void Connection::send(std::string bytes) {
  output_bytes_ += bytes.size();
  if (!bytes.empty()) output_.push_back(std::move(bytes));
  write_more();
}

void Connection::write_more() {
  if (writing_ || phase_ == Phase::closed) return;
  while (!output_.empty()) {
    boost::system::error_code error;
    const std::string& front = output_.front();
    const std::size_t written = socket_.write_some(
        boost::asio::buffer(front.data() + front_written_, front.size() - front_written_), error);
    if (error == boost::asio::error::would_block) {
      writing_ = true;
      set_deadline(share_.limits.write_time);
      socket_.async_wait(Socket::wait_write,
                         [self = shared_from_this()](const boost::system::error_code& failed) {
                           self->writing_ = false;
                           if (!failed) self->write_more();
                         });
      return;
    }
    if (error) {
      close();
      return;
    }
    front_written_ += written;
    output_bytes_ -= written;
    if (front_written_ == front.size()) {
      output_.pop_front();
      front_written_ = 0;
    }
  }
  all_written();
}

void Connection::all_written() {
  if (phase_ == Phase::streaming) {
    if (stream_->keep_alive.empty()) {
      clear_deadline();
    } else {
      set_deadline(share_.limits.keep_alive_time);
    }
    return;
  }
  if (phase_ != Phase::finishing) return;
  if (keeps_alive_ && !share_.draining) {
    phase_ = Phase::idle;
    probed_ = false;
    set_deadline(share_.limits.idle_time);
    if (!advancing_) {
      // Not within one another, however many requests wait in the input.
      boost::asio::post(socket_.get_executor(), [self = shared_from_this()] {
        if (self->phase_ != Phase::idle) return;
        self->advance();
        self->wait_to_read();
      });
    }
    return;
  }
  if (input_ended_) {
    close();
    return;
  }
  phase_ = Phase::lingering;
  input_.clear();
  boost::system::error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  set_deadline(kLingerTime);
  wait_to_read();
}

void Connection::client_gone() {
  if (phase_ != Phase::working && phase_ != Phase::streaming) return;
  if (const auto gone = std::exchange(gone_, nullptr)) gone();
}

}  // namespace blip::serve
