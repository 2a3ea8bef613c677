// Exchange: the answer to one request, given from any thread, at once or piece by piece.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "serve/http/message.hpp"

namespace blip::serve {

class Connection;

/// A stream as it is announced.
struct StreamHead {
  HttpHeaders headers;
  std::string begin;       ///< sent before the first piece
  std::string keep_alive;  ///< sent when nothing else was for a while; empty: nothing is
};

/// What is said after the client has left goes nowhere. Every exchange is answered once: by
/// `respond`, or by pieces and `settle`.
class Exchange {
 public:
  explicit Exchange(std::weak_ptr<Connection> connection) : connection_(std::move(connection)) {}

  void respond(HttpResponse response) const;

  /// From here on the response is a stream. Its status and `begin` are sent with the first piece,
  /// or when nothing came for HttpLimits::keep_alive_time.
  void prepare_stream(StreamHead head) const;
  void write(std::string piece) const;
  /// Calls `end` on the server's thread with whether the stream has begun. What it returns is the
  /// stream's end if so (HttpResponse::body), else the response in place of the stream.
  void settle(std::function<HttpResponse(bool begun)> end) const;

  /// `gone` is called on the server's thread, once, if the client leaves before it is answered. Set
  /// before the exchange is given to another thread.
  void on_gone(std::function<void()> gone) const;

 private:
  template <typename Action>
  void act(Action action) const;

  std::weak_ptr<Connection> connection_;
};

}  // namespace blip::serve
